/* SPDX-License-Identifier: MIT */
/*
 * entry.h - the peers and rules of a configuration file, one by one
 *
 * A peer or rule with an error, which is reported, is left out; the others are handed to the
 * builder.
 */
#ifndef VSOCKIFY_ENTRY_H
#define VSOCKIFY_ENTRY_H

#include "setting.h"

/* read_peer() - read an element of the list of peers */
void read_peer(struct parser *parser, const config_setting_t *group);

/* read_connect_rule(), read_listen_rule() - read an element of a list of rules */
void read_connect_rule(struct parser *parser, const config_setting_t *group);
void read_listen_rule(struct parser *parser, const config_setting_t *group);

/*
 * read_action() - read a rule's or a default's action
 * Return: false after an error, which was reported
 */
bool read_action(struct parser *parser, const config_setting_t *setting, uint8_t *action);

#endif
