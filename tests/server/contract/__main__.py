# SPDX-License-Identifier: LGPL-2.1-or-later
"""The contract of the service's API, operation by operation, against the server at $url."""
import os

import deletion
import passwords
import listing
import rules
import stages
import tags
import values
from client import Client

client = Client(os.environ["url"], os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
for chapter in (listing, values, stages, tags, deletion, passwords, rules):
    chapter.run(client)
client.finish()
