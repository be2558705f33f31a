/* SPDX-License-Identifier: MIT */
/*
 * dying ADDRESS SILENT ECHO - what becomes of a call that waits when its thread dies, and when
 * its descriptor is closed, or is another by the time it ends
 *
 * Nobody answers at the port SILENT, or somebody after a while; ECHO sends back what it gets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error-name.h"

static struct sockaddr_in to;
static in_port_t silent, echo;
static _Atomic pid_t waiter;

static int connect_to(int fd, in_port_t port)
{
	struct sockaddr_in addr = to;

	addr.sin_port = port;
	return connect(fd, (struct sockaddr *)&addr, sizeof addr);
}

static void *wait_in_connect(void *argument)
{
	waiter = (pid_t)syscall(SYS_gettid);
	if (connect_to(*(int *)argument, silent) == 0)
		return "connected";
	return (void *)(uintptr_t)error_name(errno);
}

static void die(int number)
{
	(void)number;
	syscall(SYS_exit, 0);
}

/* Does the thread sleep in a call? It has been caught then, or will be. */
static int sleeps(void)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/self/task/%d/stat", waiter);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (file)
		fclose(file);
	return state == 'S' || state == 'D';
}

static pthread_t start(int *fd)
{
	pthread_t thread;

	waiter = 0;
	*fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_create(&thread, NULL, wait_in_connect, fd);
	while (!waiter || !sleeps())
		usleep(1000);
	usleep(100000); /* most likely the broker has it by now */
	return thread;
}

static void talk(const char *when, int fd)
{
	char said[6] = "";

	printf("%s: %s\n", when,
	       write(fd, "hello", 5) == 5 && recv(fd, said, 5, MSG_WAITALL) == 5 ? said
										 : "nothing");
}

static uint64_t cookie(int fd)
{
	uint64_t number = 0;
	socklen_t len = sizeof number;

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &number, &len);
	return number;
}

static void connect_and_talk(const char *when)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect_to(fd, echo) < 0)
		printf("%s: %s\n", when, error_name(errno));
	else
		talk(when, fd);
	close(fd);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	void *result;
	int fd, other;

	if (argc != 4)
		return 2;
	to = (struct sockaddr_in){.sin_family = AF_INET};
	inet_pton(AF_INET, argv[1], &to.sin_addr);
	silent = htons((in_port_t)atoi(argv[2]));
	echo = htons((in_port_t)atoi(argv[3]));

	signal(SIGUSR1, die);
	thread = start(&fd);
	pthread_kill(thread, SIGUSR1);
	while (kill(0, 0) == 0 && syscall(SYS_tgkill, getpid(), waiter, 0) == 0)
		usleep(1000);
	printf("its thread dead: %s\n", connect_to(fd, silent) < 0 ? error_name(errno) : "0");
	close(fd);
	connect_and_talk("then");

	thread = start(&fd);
	close(fd);
	connect_and_talk("closed");
	pthread_join(thread, &result);
	printf("its end: %s\n", (char *)result);

	thread = start(&fd);
	other = socket(AF_INET, SOCK_STREAM, 0);
	if (connect_to(other, echo) == 0)
		dup2(other, fd);
	talk("another by then", fd);
	pthread_join(thread, &result);
	printf("its end: %s\n", (char *)result);
	talk(cookie(fd) == cookie(other) ? "and after that" : "exchanged", fd);
	return 0;
}
