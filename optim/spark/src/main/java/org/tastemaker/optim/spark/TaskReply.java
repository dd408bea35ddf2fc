package org.tastemaker.optim.spark;

import com.google.common.primitives.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.tastemaker.optim.rows.ResultRow;
import org.tastemaker.optim.rows.RowException;
import org.tastemaker.optim.rows.RowFormat;

/**
 * What comes back from a task, as bytes: a result, or words on why there are not more of them.
 *
 * @param result or null
 * @param words empty beside a result
 */
record TaskReply(@Nullable ResultRow result, String words) {
  private static final byte RESULT = 1;
  private static final byte WORDS = 2;

  static byte[] of(ResultRow result) {
    return Bytes.concat(new byte[] {RESULT}, RowFormat.write(result));
  }

  static byte[] of(String words) {
    return Bytes.concat(new byte[] {WORDS}, words.getBytes(StandardCharsets.UTF_8));
  }

  /** Throws a {@link RowException} if the bytes are no reply. */
  static TaskReply read(byte[] reply) {
    byte kind = reply.length == 0 ? 0 : reply[0];
    if (kind == RESULT) {
      return new TaskReply(RowFormat.readResult(Arrays.copyOfRange(reply, 1, reply.length)), "");
    }
    if (kind == WORDS) {
      return new TaskReply(null, new String(reply, 1, reply.length - 1, StandardCharsets.UTF_8));
    }
    throw new RowException("expected a task's reply of the kind 1 or 2, but found " + kind);
  }
}
