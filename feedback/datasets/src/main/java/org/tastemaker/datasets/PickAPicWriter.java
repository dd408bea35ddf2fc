package org.tastemaker.datasets;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.tastemaker.core.files.BoundedFiles;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedPair;
import org.tastemaker.feedback.votes.Answer;
import org.tastemaker.feedback.votes.ReadingReport;
import org.tastemaker.feedback.votes.RowImage;
import org.tastemaker.feedback.votes.RowPairs;
import org.tastemaker.feedback.votes.RowVote;
import org.tastemaker.feedback.votes.RowWriter;
import org.tastemaker.feedback.votes.Tally;
import org.tastemaker.feedback.votes.VotedRow;

/**
 * Writes rows as Parquet in the shape of Pick-a-Pic, which the trainers of Diffusion-DPO and
 * PickScore read: a record for each overall vote about two images, with the images' bytes.
 *
 * <pre>
 *   try (PickAPicWriter out = new PickAPicWriter(folder.resolve("train-00000.parquet"))) {
 *     JudgedRows.read(dataset, images, out::write);
 *   }
 * </pre>
 *
 * <p>The bytes are those of the files, PNG or JPEG, whatever the columns are called. An order of
 * images is a record for each two of them; a tie is one half for either. {@code ranking_id} is the
 * row's name and {@code user_id} the person's or the judge's, as texts; {@code
 * num_example_per_prompt} counts the records of the row. Votes that both are bad, votes by other
 * dimensions and pairs with an image that cannot be used are left out, and counted.
 *
 * <p>A row group is written after 64 MiB; that much is in memory. Until it is closed, the file is
 * under another name.
 *
 * @see org.tastemaker.feedback.votes.PickAPic
 */
public final class PickAPicWriter implements RowWriter {
  private static final int LARGEST_IMAGE = 256 << 20;

  private static final MessageType SCHEMA =
      MessageTypeParser.parseMessageType(
          """
          message schema {
            optional binary caption (STRING);
            optional binary jpg_0;
            optional binary jpg_1;
            optional double label_0;
            optional double label_1;
            optional boolean are_different;
            optional boolean has_label;
            optional binary ranking_id (STRING);
            optional binary user_id (STRING);
            optional binary model_0 (STRING);
            optional binary model_1 (STRING);
            optional int64 num_example_per_prompt;
          }
          """);

  private final ParquetOutput out;
  private final Tally leftOut = new Tally();
  private final Tally images = new Tally();
  private long rows;
  private long records;

  /**
   * Begins a file.
   *
   * @param file is replaced once this is closed; its folder must be there
   * @throws UncheckedIOException if it cannot be written
   */
  public PickAPicWriter(Path file) {
    this.out = new ParquetOutput(file, SCHEMA);
  }

  @Override
  public void write(VotedRow row) {
    rows++;
    String name = row.id().isEmpty() ? "'" + row.prompt() + "'" : row.id();
    List<VotedPair> pairs = new ArrayList<>();
    for (VotedPair pair : RowPairs.of(shown(row, name))) {
      if (row.images().get(pair.first()) instanceof RowImage.Unusable
          || row.images().get(pair.second()) instanceof RowImage.Unusable) {
        leftOut.add("a pair with an image that cannot be used", name);
      } else {
        pairs.add(pair);
      }
    }
    long size = pairs.stream().mapToLong(pair -> pair.votes().size()).sum();
    for (VotedPair pair : pairs) {
      byte[] first = bytes(row.images().get(pair.first()));
      byte[] second = bytes(row.images().get(pair.second()));
      if (first.length == 0 || second.length == 0) {
        leftOut.add("a pair with an image that cannot be used", name);
        continue;
      }
      for (Vote vote : pair.votes()) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("caption", row.prompt());
        record.put("jpg_0", first);
        record.put("jpg_1", second);
        record.put("label_0", share(vote.choice()));
        record.put("label_1", 1 - share(vote.choice()));
        record.put("are_different", true);
        record.put("has_label", true);
        record.put("ranking_id", row.id());
        record.put("user_id", vote.annotator());
        record.put("model_0", model(row, pair.first()));
        record.put("model_1", model(row, pair.second()));
        record.put("num_example_per_prompt", size);
        out.write(record);
        records++;
      }
    }
  }

  /** The row with the votes that have a place here. */
  private VotedRow shown(VotedRow row, String name) {
    List<RowVote> kept = new ArrayList<>();
    for (RowVote vote : row.votes()) {
      if (!vote.dimension().equals(RowVote.OVERALL)) {
        leftOut.add("votes by other dimensions", name);
      } else if (vote.answer() instanceof Answer.Pick pick
          && pick.outcome() == Answer.Outcome.BOTH_BAD) {
        leftOut.add("votes that both images are bad", name);
      } else {
        kept.add(vote);
      }
    }
    for (RowImage image : row.images()) {
      if (image instanceof RowImage.Unusable unusable) {
        images.add(unusable.fault().name().toLowerCase(Locale.ROOT), unusable.name());
      }
    }
    return new VotedRow(
        row.id(),
        row.prompt(),
        row.images(),
        kept,
        row.source(),
        row.split(),
        row.facts(),
        row.imageFacts());
  }

  /** The bytes of a file; none where it is missing or empty. */
  private byte[] bytes(RowImage image) {
    if (image instanceof RowImage.Encoded encoded) {
      if (encoded.bytes().length == 0) {
        images.add("empty", image.name());
      }
      return encoded.bytes();
    }
    Path file = ((RowImage.OnDisk) image).file();
    if (!Files.isRegularFile(file)) {
      images.add("missing", image.name());
      return new byte[0];
    }
    byte[] bytes = BoundedFiles.read(file, LARGEST_IMAGE);
    if (bytes.length == 0) {
      images.add("empty", image.name());
    }
    return bytes;
  }

  private static double share(Choice choice) {
    return switch (choice) {
      case FIRST -> 1;
      case SECOND -> 0;
      case TIE -> 0.5;
    };
  }

  private static String model(VotedRow row, int image) {
    return row.imageFacts().isEmpty()
        ? ""
        : row.imageFacts().get(image).getOrDefault(VotedRow.MODEL, "");
  }

  @Override
  public ReadingReport report() {
    return new ReadingReport(records, rows, leftOut.reasons(), images.reasons());
  }

  @Override
  public void close() {
    out.close();
  }
}
