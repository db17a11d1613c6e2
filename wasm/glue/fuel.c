/*
 * What ends a loop that damage made endless: a WebAssembly call cannot be interrupted from outside. Clang calls the function
 * below at the places that build.mjs asks for (-fsanitize-coverage), the host fills the tank before every call, and an empty
 * tank is a trap, after which the host drops the instance.
 */
#include "glue.h"

/* Enough to start with. */
static uint32_t fuel_left = UINT32_MAX;

EXPORT(refuel) __attribute__((no_sanitize("coverage"))) void refuel(uint32_t units)
{
	fuel_left = units;
}

void __sanitizer_cov_trace_pc(void);

__attribute__((no_sanitize("coverage"))) void __sanitizer_cov_trace_pc(void)
{
	if (fuel_left-- == 0)
		__builtin_trap();
}
