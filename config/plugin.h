/* SPDX-License-Identifier: MIT */
/*
 * plugin.h - what vsockify-config.so exports
 *
 * Theory of operation
 *
 * A program started with LD_PRELOAD alone brings no compiled rules along. The preloaded
 * object then loads this one, which is linked with libconfig, for the length of one call, out
 * of sight of the program's symbols (RTLD_LOCAL | RTLD_DEEPBIND).
 */
#ifndef VSOCKIFY_PLUGIN_H
#define VSOCKIFY_PLUGIN_H

#include <stddef.h>

#define PLUGIN_FILE   "vsockify-config.so"
#define PLUGIN_SYMBOL "vsockify_config_load"

/*
 * vsockify_config_load() - find and compile the configuration
 * @image: set to the image, in anonymous memory of its own (for munmap()), which outlives
 *	dlclose(); to NULL if there is no configuration
 * @size: set to the size of the image; the memory is this rounded up to whole pages
 * Return: 0, or an exit status (78, EX_CONFIG) after an error, which was written to stderr
 */
int vsockify_config_load(void **image, size_t *size);

/* plugin_load_fn - for dlsym() */
typedef int plugin_load_fn(void **image, size_t *size);

#endif
