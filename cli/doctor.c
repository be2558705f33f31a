#include "cli.h"
int doctor(const char *config, const struct spec *specs, size_t count, const char *program)
{
	(void)config; (void)specs; (void)count; (void)program;
	return 1;
}
