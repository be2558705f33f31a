/* SPDX-License-Identifier: MIT */
/*
 * flip.c - a thread changes the address while another connects to it
 *
 * flip ALLOWED DENIED CONNECTS - ports of 127.0.0.1: how often was the denied one reached?
 */
#include <pthread.h>
#include <stdatomic.h>

#include "tcp.h"

static struct address shared;
static uint16_t ports[2];
static atomic_bool over;

static void *flip(void *argument)
{
	volatile in_port_t *port = &shared.in.sin_port;

	while (!atomic_load(&over)) {
		*port = htons(ports[0]);
		*port = htons(ports[1]);
	}
	return argument;
}

int main(int argc, char **argv)
{
	int connects = argc > 3 ? atoi(argv[3]) : 0, reached = 0, denied = 0;
	pthread_t thread;

	ports[0] = (uint16_t)atoi(argv[1]);
	ports[1] = (uint16_t)atoi(argv[2]);
	shared = address_of("127.0.0.1", ports[0]);
	must(-pthread_create(&thread, NULL, flip, NULL));
	for (int i = 0; i < connects; i++) {
		struct address peer = {.len = sizeof peer.room};
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));

		if (connect(fd, &shared.any, shared.len) < 0)
			denied++;
		else if (getpeername(fd, &peer.any, &peer.len) == 0 &&
			 port_in(&peer) == ports[1])
			reached++;
		close(fd);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	/* those that were refused show that the thread was at it */
	say("reached %d%s", reached, denied && denied < connects ? "" : ", nothing was tested");
	return 0;
}
