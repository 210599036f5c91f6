# Varnish (7 or later) in front of the web processes: pages of the site out of memory, also while no web
# process answers. It keeps what says that it is `public`, and nothing else; the times are those of the
# answers. docs/deploy/cdn.md says what each part is for. Replace what stands in capitals. TLS ends in
# front of it (Caddy, hitch, a load balancer): its addresses stand in `terminators`.
# The web processes must believe this server: TRUSTED_PROXIES is its address, or its network.
vcl 4.1;

import directors;
import std;

# Who tells, in X-Forwarded-For and X-Forwarded-Proto, for whom it asks.
acl terminators {
	"127.0.0.1";
	"::1";
}

# Where the workers run, which say what has changed (CDN=http, CDN_PURGE_URLS).
acl publishers {
	"127.0.0.1";
	"::1";
}

probe ready {
	.request = "GET /readyz HTTP/1.1" "Host: SITE_DOMAIN" "Connection: close";
	.interval = 1s;
	.timeout = 2s;
	.window = 3;
	.threshold = 2;
	.initial = 2;
}

backend web1 {
	.host = "WEB1";
	.port = "8000";
	.connect_timeout = 2s;
	.first_byte_timeout = 120s;
	.probe = ready;
}

backend web2 {
	.host = "WEB2";
	.port = "8000";
	.connect_timeout = 2s;
	.first_byte_timeout = 120s;
	.probe = ready;
}

sub vcl_init {
	new webs = directors.round_robin();
	webs.add_backend(web1);
	webs.add_backend(web2);
}

sub vcl_recv {
	set req.backend_hint = webs.backend();

	if (req.method == "PURGE") {
		# Varnish has added the peer to X-Forwarded-For: a comma means that somebody asks through one.
		if (client.ip !~ publishers || req.http.X-Forwarded-For ~ ",") {
			return (synth(405, "Not Allowed"));
		}
		if (req.url == "/*") {
			std.ban("obj.http.x-kept-host == " + req.http.Host);
		} else {
			std.ban("obj.http.x-kept-host == " + req.http.Host + " && obj.http.x-kept-path == " + req.url);
		}
		return (synth(200, "Purged"));
	}

	# For who stands in front: this one answers, also while no web process does.
	if (req.url == "/.well-known/cache-ready") {
		return (synth(200, "Ready"));
	}

	if (req.restarts == 0) {
		unset req.http.X-Kept-Is-Enough;
		unset req.http.X-Key;
		if (client.ip !~ terminators) {
			set req.http.X-Forwarded-For = client.ip;
			unset req.http.X-Forwarded-Proto;
		}
		unset req.http.Forwarded;
		unset req.http.X-Forwarded-Host;
		unset req.http.X-Real-IP;
	}

	# Asked by others' TLS on demand; nobody asks through here.
	if (req.url ~ "^/tls/ask/") {
		return (synth(404, "Not Found"));
	}
	if (req.method != "GET" && req.method != "HEAD") {
		return (pass);
	}
	# Workspaces, files and other domains: only what has its content in its name.
	if (regsub(req.http.Host, ":\d+$", "") != "SITE_DOMAIN" && req.url !~ "^/static/") {
		return (pass);
	}
	if (req.http.Authorization) {
		return (pass);
	}

	# For ten minutes the last copy does while the new one is fetched; while nobody answers, for as long
	# as it is kept (stale-if-error of the answer).
	if (std.healthy(req.backend_hint) && !req.http.X-Kept-Is-Enough) {
		set req.grace = 600s;
	} else {
		set req.grace = 10y;
	}

	# What campaigns add to an address makes no other page. (The web process gets the whole address.)
	set req.http.X-Key = regsub(
		regsuball(req.url, "(?<=[?&])(utm_[a-z_]+|gclid|fbclid|msclkid)=[^&]*&?", ""),
		"[?&]$", "");

	# With its cookies, which say nothing to what is public: an answer that is not, is never kept.
	return (hash);
}

sub vcl_hash {
	hash_data(req.http.X-Key);
	hash_data(req.http.Host);
	return (lookup);
}

sub vcl_backend_fetch {
	unset bereq.http.X-Key;
}

sub vcl_backend_response {
	if (beresp.status >= 500) {
		# Nothing is kept of it, so that the copy that there is comes (vcl_synth), and stays. Where
		# there is none, it is asked for once more, and the visitor gets what web says.
		if (bereq.is_bgfetch || (!bereq.uncacheable && !bereq.http.X-Kept-Is-Enough)) {
			return (abandon);
		}
		set beresp.uncacheable = true;
		set beresp.ttl = 0s;
		set beresp.grace = 0s;
		return (deliver);
	}
	if (beresp.http.Cache-Control !~ "(?i)(^|[ ,])public" || beresp.http.Set-Cookie
		|| beresp.http.Vary ~ "(?i)cookie|\*") {
		if (bereq.is_bgfetch) {
			# It was public, and is no longer: what is kept of it must go.
			std.ban("obj.http.x-kept-host == " + bereq.http.Host
				+ " && obj.http.x-kept-path == " + regsub(bereq.url, "\?.*$", ""));
		}
		set beresp.uncacheable = true;
		set beresp.ttl = 10s;
		return (deliver);
	}
	# Varnish reads max-age, s-maxage and stale-while-revalidate; stale-if-error is longer than that.
	set beresp.grace = std.duration(
		regsub(beresp.http.Cache-Control, "^.*stale-if-error=(\d+).*$", "\1s"), 0s);
	unset beresp.http.X-Request-ID; # of the one request that fetched it
	set beresp.http.x-kept-host = bereq.http.Host;
	set beresp.http.x-kept-path = regsub(bereq.url, "\?.*$", "");
	if (beresp.http.Content-Type ~ "^(text/|application/(javascript|json|xml|atom\+xml)|image/svg)") {
		set beresp.do_gzip = true;
	}
	return (deliver);
}

sub vcl_backend_error {
	if (!bereq.uncacheable && !bereq.http.X-Kept-Is-Enough) {
		return (abandon);
	}
}

# The web process failed, or is away: once more, with what is kept.
sub vcl_synth {
	if (resp.status == 503 && req.restarts == 0 && req.http.X-Key) {
		set req.http.X-Kept-Is-Enough = "1";
		return (restart);
	}
}

sub vcl_deliver {
	if (obj.hits > 0) {
		set resp.http.X-Cache = "HIT";
	} else {
		set resp.http.X-Cache = "MISS";
	}
	unset resp.http.x-kept-host;
	unset resp.http.x-kept-path;
	unset resp.http.Via;
	unset resp.http.X-Varnish;
}
