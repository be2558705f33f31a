/* SPDX-License-Identifier: MIT */
/*
 * password.c - a file with a password in it
 */
#include "password.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/**
 * unfit() - what is wrong with the file, by what it is
 * Return: NULL if nothing is
 */
static const char *unfit(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return "it cannot be looked at";
	if (!S_ISREG(status.st_mode))
		return "it is no file";
	if (status.st_uid != geteuid())
		return "it belongs to another user than the one that reads it";
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return "others than its owner may use it: chmod 600";
	return NULL;
}

/**
 * take_text() - read what is in the file
 */
static const char *take_text(int fd, char password[PROXY_PASSWORD_MAX + 1])
{
	char text[PROXY_PASSWORD_MAX + 2]; /* one byte too many shows */
	const char *wrong = NULL;
	ssize_t size = read(fd, text, sizeof(text));

	if (size > 0 && text[size - 1] == '\n')
		size--;
	if (size < 0)
		wrong = "it cannot be read";
	else if (size == 0)
		wrong = "it is empty";
	else if (size > PROXY_PASSWORD_MAX)
		wrong = "it is longer than 255 bytes";
	else if (memchr(text, '\0', (size_t)size) || memchr(text, '\n', (size_t)size))
		wrong = "it has more than one line";
	if (!wrong) {
		memcpy(password, text, (size_t)size);
		password[size] = '\0';
	}
	explicit_bzero(text, sizeof(text));
	return wrong;
}

const char *password_read(const char *path, char password[PROXY_PASSWORD_MAX + 1])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *wrong;

	password[0] = '\0';
	if (fd < 0)
		return "it cannot be opened";
	wrong = unfit(fd);
	if (!wrong)
		wrong = take_text(fd, password);
	close(fd);
	return wrong;
}
