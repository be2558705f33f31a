/* SPDX-License-Identifier: MIT */
/*
 * beside.h - the files that belong to the launcher
 */
#ifndef VSOCKIFY_CLI_BESIDE_H
#define VSOCKIFY_CLI_BESIDE_H

/*
 * beside_launcher() - a file in the directory of this program, as in the build tree, or where
 * it is installed
 * @installed: the directory for that
 * Return: its path, to be freed, whether or not it is there
 */
char *beside_launcher(const char *file, const char *installed);

#endif
