"""One end of a tunnel without link headers, for kernels that have no tunnels of their own: a TUN device, whose
packets go to stdout, each behind its length, and into which those of stdin come. Ends with its stdin."""
import fcntl
import os
import select
import struct
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
PACKET_MAX = 4096


def take(count):
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def main(name):
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    os.write(2, b"ready\n")
    while True:
        for each in select.select([device, 0], [], [])[0]:
            if each == device:
                packet = os.read(device, PACKET_MAX)
                os.write(1, struct.pack("<H", len(packet)) + packet)
            else:
                packet = take(struct.unpack("<H", take(2))[0])
                try:
                    os.write(device, packet)
                except OSError:  # it is not up yet: lost, as on any way
                    pass


if __name__ == "__main__":
    main(sys.argv[1])
