# An S3-compatible server of one process: OpenStack Swift with its s3api, on loopback and one directory.
# Usage: files-swift.py DIRECTORY PORT ACCESS_KEY_ID SECRET_ACCESS_KEY REGION
#
# These are Swift's own proxy, account, container and object servers, each on a port of its own as in a cluster of one
# disk; only that they share a process, so that one signal stops or kills all of them, is done here. Objects are flushed
# to disk before they are acknowledged, and what is in DIRECTORY is there after the next start.

import os
import socket
import sys

import eventlet

eventlet.monkey_patch()

from swift.common import utils, wsgi
from swift.common.ring import RingBuilder
from swift.common.utils import get_logger

directory, port, access_key_id, secret_access_key, region = sys.argv[1:]
port = int(port)
SERVERS = {'account': port + 1, 'container': port + 2, 'object': port + 3}

PROXY = f"""
[DEFAULT]
swift_dir = {directory}
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
error_suppression_limit = 0
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = {region}
min_segment_size = 1
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_{access_key_id.replace(':', '_')} = {secret_access_key} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
"""

STORAGE = """
[DEFAULT]
swift_dir = {directory}
devices = {directory}/devices
mount_check = false
fallocate_reserve = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""


def write(name, text):
    with open(os.path.join(directory, name), 'w') as file:
        file.write(text)


def prepare():
    os.makedirs(os.path.join(directory, 'devices', 'disk'), exist_ok=True)
    write('swift.conf', '[swift-hash]\nswift_hash_path_suffix = pando\n[storage-policy:0]\nname = one\ndefault = yes\n')
    write('proxy.conf', PROXY)
    for kind, at in SERVERS.items():
        write(f'{kind}.conf', STORAGE.format(directory=directory, kind=kind))
        builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
        builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': at, 'device': 'disk', 'weight': 1})
        builder.rebalance()
        builder.get_ring().save(os.path.join(directory, f'{kind}.ring.gz'))


def serve(kind, at):
    sock = eventlet.listen(('127.0.0.1', at), backlog=512)
    # Taken over by accepted connections; without it every answer waits 40 ms for the client's acknowledgement.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    conf = {'__file__': os.path.join(directory, f'{kind}.conf')}
    return eventlet.spawn(wsgi.run_server, conf, get_logger({'log_name': kind}, kind), sock)


prepare()
utils.set_swift_dir(directory)
# Each server would begin with an event loop of its own; here they share this one.
use_hub = eventlet.hubs.use_hub
eventlet.hubs.use_hub = lambda hub=None: None if hasattr(eventlet.hubs._threadlocal, 'hub') else use_hub(hub)
running = [serve(kind, at) for kind, at in SERVERS.items()] + [serve('proxy', port)]
eventlet.sleep(0)
print('ready', flush=True)
for server in running:
    server.wait()
