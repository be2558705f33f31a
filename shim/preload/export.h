/* SPDX-License-Identifier: MIT */
/*
 * export.h - what marks a function that programs call here instead of in libc
 *
 * Whatever is not marked so is hidden in the object (-fvisibility=hidden).
 * tests/object/symbols.test holds the marks against libvsockify.map.
 */
#ifndef VSOCKIFY_EXPORT_H
#define VSOCKIFY_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

#endif
