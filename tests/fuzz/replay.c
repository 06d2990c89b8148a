/* Runs every file of the folders and files named on the command line through a fuzz target, each
 * from a heap copy of its exact size, and every truncation of the small ones: so the corpus is a
 * test under any compiler and sanitizer. Prints how many inputs were run. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TRUNCATE_BELOW = 4096 };

static unsigned long inputs;

static void run_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    static uint8_t data[1 << 20];
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t size = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    run_copy(data, size);
    if (size <= TRUNCATE_BELOW)
        for (size_t cut = 0; cut < size; cut++)
            run_copy(data, cut);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct dirent **entries;
        int count = scandir(argv[i], &entries, NULL, alphasort);
        if (count < 0) {
            run_file(argv[i]);
            continue;
        }
        for (int k = 0; k < count; k++) {
            char path[4096];
            struct stat kind;
            int length = snprintf(path, sizeof path, "%s/%s", argv[i], entries[k]->d_name);
            if (length > 0 && (size_t)length < sizeof path && stat(path, &kind) == 0 &&
                S_ISREG(kind.st_mode))
                run_file(path);
            free(entries[k]);
        }
        free(entries);
    }
    printf("%lu inputs\n", inputs);
    return inputs > 0 ? 0 : 1;
}
