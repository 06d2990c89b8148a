/* What a scan learnt over SMB and NetBIOS, in the lines of 2009: smb-check-vulns,
 * smb-os-discovery and nbstat. */
#ifndef WORMSIGN_REPORT_TEXT_SMB_H
#define WORMSIGN_REPORT_TEXT_SMB_H

#include "evidence/verdict.h"
#include "report/page.h"

/* Nothing for a host that was not asked, or said nothing. */
void text_smb_lines(struct page *p, const struct verdict *v);
void text_netbios_lines(struct page *p, const struct verdict *v);

#endif
