vcl 4.1;

# What the public site says may be kept is kept; all else is handed on (varnish's own rules).
backend web {
    .host = "127.0.0.1";
    .port = "WEB_PORT";
    .first_byte_timeout = 60s;
}
