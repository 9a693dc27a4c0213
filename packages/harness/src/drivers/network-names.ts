/** Variables by which a program finds its way through a proxy. */
export const networkNames: readonly string[] = [
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "https_proxy",
  "http_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
];

/** The most bytes that are read of an agent's events. They hold the output of all commands, so they are far longer than an answer. */
export const MAX_EVENT_BYTES = 67_108_864;
