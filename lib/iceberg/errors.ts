import { type ErrorDetails, TickhouseError } from '../errors.ts'

/** Another commit came between load and commit: nothing was applied. Load the table and stage the change again. */
export class CommitConflict extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('COMMIT_CONFLICT', message, details)
  }
}

/** Another commit, on any branch, took the snapshot's sequence number. The rows of `main` may be unchanged. */
export class SequenceTaken extends CommitConflict {}

/** A file to remove is no longer in the table: what was computed from it is void. Plan again. */
export class FileNotLive extends CommitConflict {}

/** No answer, or one that leaves it open: the commit may have happened. Load the table and look for the snapshot. */
export class CommitUnknown extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('COMMIT_UNKNOWN', message, details)
  }
}

/** The catalog refuses this commit, now and later. Nothing was applied. */
export class CommitRejected extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('COMMIT_REJECTED', message, details)
  }
}

/** The catalog has no table of that name; set up the tables first. */
export class TableMissing extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('TABLE_MISSING', message, details)
  }
}

/** The catalog is away, slow or overloaded; the same call may succeed later. */
export class CatalogUnavailable extends TickhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('CATALOG_UNAVAILABLE', message, { ...details, retryable: true })
  }
}

/** The request was sent and nothing came back: the catalog may have done what it asked for. */
export class AnswerLost extends CatalogUnavailable {}

/** The catalog answers, and refuses: a wrong login, a forbidden or malformed request. */
export class CatalogRejected extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('CATALOG_REJECTED', message, details)
  }
}

/** The object store has no file of that name. */
export class ObjectMissing extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('OBJECT_MISSING', message, details)
  }
}

/** The object store is away, slow or overloaded; the same call may succeed later. */
export class StoreUnavailable extends TickhouseError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('STORE_UNAVAILABLE', message, { ...details, retryable: true })
  }
}

/** The object store answers, and refuses: a wrong login, a missing bucket, a malformed name. */
export class StoreRejected extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('STORE_REJECTED', message, details)
  }
}

/** A table that this writer must not touch: another format version, schema or partitioning than it knows. */
export class UnsupportedTable extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('TABLE_UNSUPPORTED', message, details)
  }
}

/** One file that cannot be read or rewritten without loss, for example for equality deletes. The rest of its table can. */
export class FileUnsupported extends UnsupportedTable {}

/** Rows that do not fit their table: a wrong type, a null in a required column, more than one partition in a file. */
export class InvalidRows extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('ROWS_INVALID', message, details)
  }
}

/** A file of a table does not hold what it must: damaged, or of a kind that this reader does not know. */
export class UnreadableFile extends TickhouseError {
  constructor(message: string, details?: ErrorDetails) {
    super('FILE_UNREADABLE', message, details)
  }
}

/** True for what one file is to blame for: whoever can do without it goes on. */
export function isOfOneFile(error: unknown): error is TickhouseError {
  return [ObjectMissing, UnreadableFile, InvalidRows, FileUnsupported].some(kind => error instanceof kind)
}

/** Files of another table lie in a table's folder: whose an unknown file is cannot be told. */
export class FolderShared extends TickhouseError {
  constructor(location: string, uri: string) {
    super(
      'FOLDER_SHARED',
      `${uri} belongs to another table: no file is removed from ${location} until that table's files are moved elsewhere or removed by hand`,
    )
  }
}
