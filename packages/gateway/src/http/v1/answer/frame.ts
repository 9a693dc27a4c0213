/** What every answer of one request says of itself. */
export interface AnswerFrame {
  /** The id of the request, of which the ids of the answer are made. */
  readonly requestId: string;
  /** The profile that was asked for. Who answered is in the headers. */
  readonly model: string;
  /** Seconds since 1970. */
  readonly created: number;
}
