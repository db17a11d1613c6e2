/* All that lib/ext2fs wants of the error library: the type of a code, and a place to complain. */
#ifndef NOMOUNT_COM_ERR_H
#define NOMOUNT_COM_ERR_H

typedef long errcode_t;

void com_err(const char *who, errcode_t code, const char *format, ...);

#endif
