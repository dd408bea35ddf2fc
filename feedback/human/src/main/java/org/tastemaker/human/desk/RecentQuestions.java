package org.tastemaker.human.desk;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;

/**
 * The latest questions with their images, as many as fit into a bound, for checks that show one
 * again.
 *
 * <p>Not thread-safe.
 */
final class RecentQuestions {
  private final long mostBytes;
  private final Map<String, DeskQuestion> questions = new LinkedHashMap<>();
  private long bytes;

  /**
   * Nothing yet.
   *
   * @param mostBytes of all images together; the latest question is kept whatever it takes
   */
  RecentQuestions(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  void put(DeskQuestion question) {
    DeskQuestion before = questions.remove(question.id());
    bytes += bytes(question) - (before == null ? 0 : bytes(before));
    questions.put(question.id(), question);
    Iterator<DeskQuestion> eldest = questions.values().iterator();
    while (bytes > mostBytes && questions.size() > 1) {
      bytes -= bytes(eldest.next());
      eldest.remove();
    }
  }

  @Nullable DeskQuestion get(String id) {
    return questions.get(id);
  }

  /** What all of them take. */
  long bytes() {
    return bytes;
  }

  private static long bytes(DeskQuestion question) {
    long sum = 0;
    for (Image image : question.group().images()) {
      sum += (long) image.channels() * image.height() * image.width() * Float.BYTES;
    }
    return sum;
  }
}
