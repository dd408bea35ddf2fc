package org.tastemaker.optim.spark;

import com.google.common.hash.Hashing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Locale;
import org.tastemaker.optim.rows.RowException;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.rows.WorkRow;

/** By what a process knows the worker of a setup. */
final class SetupKey {
  private SetupKey() {}

  /** A SHA-256 of the setup as it is sent: an equal one is the same worker. */
  static String of(RowSetup setup) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(setup);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "the setup cannot be sent to executors: "
              + e
              + "; all that its factories hold must be"
              + " serializable",
          e);
    }
    return Hashing.sha256().hashBytes(bytes.toByteArray()).toString();
  }

  /**
   * Looks at rows before they go out, so that a wrong setup costs no task and no share of money.
   */
  static void requireFits(List<WorkRow> rows, RowSetup setup) {
    String model = setup.model() == null ? "none" : setup.model().sha256();
    String judge = setup.oracle() == null ? "none" : setup.oracle().hash();
    String reward = setup.reward() == null ? "none" : setup.reward().hash();
    for (WorkRow row : rows) {
      if (row instanceof WorkRow.Sample sample) {
        require("model", sample.model(), model);
      } else if (row instanceof WorkRow.Judge question) {
        require("judge", question.judge(), judge);
      } else if (row instanceof WorkRow.Score score) {
        require("reward", score.reward(), reward);
      } else if (row instanceof WorkRow.Gradient gradient) {
        require("model", gradient.model(), model);
        require("loss", gradient.loss(), setup.lossHash());
      }
    }
  }

  private static void require(String what, String wanted, String own) {
    if (!wanted.equals(own)) {
      throw new RowException(
          String.format(
              Locale.ROOT,
              "a row needs the %s %s, but the carrier's setup has %s: give it the one that the rows"
                  + " are for",
              what,
              wanted,
              own));
    }
  }
}
