/** The tables of what callers over HTTP have: tokens, and the answers that are given again. */
export interface HttpTables {
  http_tokens: {
    id: string;
    name: string;
    /** SHA-256 of the token, in hex. The token itself is nowhere. */
    hash: string;
    /** JSON: a list of texts. */
    scopes: string;
    created_at: string;
    expires_at: string | null;
    revoked_at: string | null;
  };
  /** Answers to requests with an `Idempotency-Key`. */
  http_answers: {
    /** Whose key it is, and the key: `<token id> <key>`. Neither holds a space. */
    id: string;
    /** SHA-256 of method, path and body, in hex. */
    request_hash: string;
    status: number;
    /** As it was sent. */
    body: string;
    created_at: string;
  };
}
