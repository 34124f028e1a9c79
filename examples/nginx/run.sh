#!/usr/bin/env bash
# nginx in front of an API asks the gate, with the configuration that init prints.
cd "$(dirname "$0")"
. ../common.sh
. ../nginx/calls.sh
need nginx nginx
beside nginx
# What the package of nginx has in /etc/nginx/nginx.conf, for a folder of our own.
cat >main.conf <<END
daemon off; master_process off; pid $work/nginx.pid; error_log stderr warn;
events {}
http {
	access_log off;
	client_body_temp_path $work/nginx-body; proxy_temp_path $work/nginx-proxy;
	fastcgi_temp_path $work/nginx-fastcgi; uwsgi_temp_path $work/nginx-uwsgi; scgi_temp_path $work/nginx-scgi;
	include $work/nginx.conf;
}
END
start nginx nginx -c "$work/main.conf" -p "$work"
calls nginx
fine
