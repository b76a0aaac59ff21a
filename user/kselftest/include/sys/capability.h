// The few functions of libcap that tests call, for which nobody needs to install it.
#ifndef CAPABILITY_H
#define CAPABILITY_H

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int cap_value_t;
typedef enum { CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE } cap_flag_t;
typedef enum { CAP_CLEAR, CAP_SET } cap_flag_value_t;
typedef struct __user_cap_data_struct *cap_t; // both halves of the sets

static inline cap_t cap_init(void) { return calloc(2, sizeof(struct __user_cap_data_struct)); }

static inline int cap_free(void *c)
{
	free(c);
	return 0;
}

static inline int cap_set_proc(cap_t c)
{
	struct __user_cap_header_struct self = {_LINUX_CAPABILITY_VERSION_3, 0};
	return syscall(SYS_capset, &self, c);
}

static inline cap_t cap_get_proc(void)
{
	struct __user_cap_header_struct self = {_LINUX_CAPABILITY_VERSION_3, 0};
	cap_t c = cap_init();
	syscall(SYS_capget, &self, c);
	return c;
}

static inline int cap_set_flag(cap_t c, cap_flag_t which, int n, const cap_value_t *caps, cap_flag_value_t to)
{
	for (; n > 0; n--, caps++) {
		struct __user_cap_data_struct *half = &c[*caps / 32];
		__u32 *set = which == CAP_EFFECTIVE ? &half->effective : which == CAP_PERMITTED ? &half->permitted : &half->inheritable;
		__u32 bit = 1u << *caps % 32;
		*set = to == CAP_SET ? *set | bit : *set & ~bit;
	}
	return 0;
}

#endif
