# SPDX-License-Identifier: LGPL-2.1-or-later
"""The contract of the service's API, operation by operation, against the server at $url."""
import os

import deletion
import passwords
import listing
import parameters
import rotation
import rules
import stages
import tags
import values
from client import Client

where = os.environ["url"], os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
client = Client(*where)
for chapter in (listing, values, stages, tags, deletion, passwords, rotation, rules):
    chapter.run(client)
ssm = Client(*where, service="ssm")
ssm.count = client.count
parameters.run(ssm, client)
client.count = ssm.count
client.wrong_headers += ssm.wrong_headers
client.finish()
