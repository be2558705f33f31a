/* SPDX-License-Identifier: MIT */
/*
 * path.h - a path that is still right when the program has gone elsewhere
 */
#ifndef VSOCKIFY_PATH_H
#define VSOCKIFY_PATH_H

/*
 * path_absolute() - a path from "/" on; a relative one is taken from the current directory
 * Return: it, to be freed; NULL, with errno, if the current directory cannot be told
 */
char *path_absolute(const char *path);

#endif
