package org.tastemaker.watch;

import java.util.List;
import java.util.Map;
import org.tastemaker.core.Image;

/**
 * What an event of TensorBoard says: a {@code Summary.Value} of TensorFlow's {@code summary.proto},
 * and for settings those of the plug-in {@code hparams}.
 */
final class Summary {
  // Fields of Summary.Value.
  private static final int TAG = 1;
  private static final int SIMPLE_VALUE = 2;
  private static final int IMAGE = 4;
  private static final int HISTOGRAM = 5;
  private static final int TENSOR = 8;
  private static final int METADATA = 9;

  private static final int DT_STRING = 7;
  private static final int CLASS_TENSOR = 2;

  private Summary() {}

  static Message scalar(String tag, double value) {
    return new Message().text(TAG, tag).single(SIMPLE_VALUE, (float) value);
  }

  static Message image(String tag, Image image) {
    Message picture =
        new Message()
            .whole(1, image.height())
            .whole(2, image.width())
            .whole(3, image.channels())
            .bytes(4, image.toPng());
    return new Message().text(TAG, tag).message(IMAGE, picture);
  }

  static Message histogram(String tag, Buckets buckets) {
    Message counts =
        new Message()
            .real(1, buckets.min())
            .real(2, buckets.max())
            .real(3, buckets.count())
            .real(4, buckets.sum())
            .real(5, buckets.sumOfSquares())
            .reals(6, buckets.limits())
            .reals(7, buckets.counts());
    return new Message().text(TAG, tag).message(HISTOGRAM, counts);
  }

  /** Words, which TensorBoard shows as Markdown; so they are indented, which makes them literal. */
  static Message text(String tag, List<String> lines) {
    Message tensor = new Message().whole(1, DT_STRING);
    Message shape = new Message().message(2, new Message().whole(1, lines.size()));
    tensor.message(2, shape);
    lines.forEach(line -> tensor.text(8, "    " + line.replace("\n", "\n    ")));
    return new Message()
        .text(TAG, tag)
        .message(TENSOR, tensor)
        .message(METADATA, plugin("text", new Message()).whole(4, CLASS_TENSOR));
  }

  /** The settings of a run: numbers, flags, and everything else as text. */
  static Message settings(Map<String, ?> values, double seconds) {
    Message start = new Message();
    values.forEach(
        (name, value) -> {
          Message of = new Message();
          if (value instanceof Number number) {
            of.real(2, number.doubleValue());
          } else if (value instanceof Boolean flag) {
            of.flag(4, flag);
          } else {
            of.text(3, String.valueOf(value));
          }
          start.message(1, new Message().text(1, name).message(2, of));
        });
    start.real(5, seconds);
    return new Message()
        .text(TAG, "_hparams_/session_start_info")
        .message(METADATA, plugin("hparams", new Message().message(3, start)));
  }

  private static Message plugin(String name, Message content) {
    return new Message().message(1, new Message().text(1, name).bytes(2, content.toBytes()));
  }
}
