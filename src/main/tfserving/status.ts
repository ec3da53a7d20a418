/** The canonical status codes of absl and gRPC; TensorFlow's errors and TensorFlow Serving's answers carry one of them. */
export const statusCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type StatusName = keyof typeof statusCode;

/** A refusal in TensorFlow's own terms: the code decides the HTTP or gRPC status, the message is what the client reads. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: StatusName;
  constructor(status: StatusName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The refusal that most requests meet. */
export const invalid = (message: string): StatusError => new StatusError('INVALID_ARGUMENT', message);
