package org.tastemaker.examples.ideas;

import com.google.common.base.Splitter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;

/**
 * A person is the judge: you improve an image in a few rounds, by looking and typing numbers, while
 * the model does not change.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.AskPerson
 * </pre>
 *
 * <p>writes each question as a picture, {@code runs/ideas/ask-person/question.png}, and asks for
 * the numbers of the best images, best first: {@code 3 1} or {@code 3 1 5}. An empty line skips the
 * question. The person is a {@link FeedbackOracle} like any other and could just as well rank for
 * DDPO.
 */
public final class AskPerson implements FeedbackOracle {
  private final BufferedReader in;
  private final PrintStream out;
  private final Path picture;

  /**
   * A person at a terminal.
   *
   * @param in where the answers are typed
   * @param out where the questions are asked
   * @param picture what is written for each question
   */
  AskPerson(BufferedReader in, PrintStream out, Path picture) {
    this.in = in;
    this.out = out;
    this.picture = picture;
  }

  /**
   * Makes a robot better in three rounds.
   *
   * @param args none
   * @throws IOException if the folder cannot be created
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of("runs/ideas/ask-person");
    Files.createDirectories(folder);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
    AskPerson person = new AskPerson(in, System.out, folder.resolve("question.png"));
    OptimiseLatent.search(person, 3, 20, folder, System.out);
  }

  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    return groups.stream().map(this::rank).toList();
  }

  private Judgement rank(ImageGroup group) {
    int size = group.size();
    List<String> numbers = IntStream.rangeClosed(1, size).mapToObj(Integer::toString).toList();
    AtomicFiles.write(
        picture, ImageGrid.of(group.images()).captions(numbers).cell(128).draw().toPng());
    while (true) {
      out.printf(
          Locale.ROOT,
          "%s: which of the %d images in %s are best, best first? ",
          group.prompt().text(),
          size,
          picture);
      out.flush();
      String line = line();
      if (line == null || line.isBlank()) {
        return Judgement.missing(size, "skipped", "person", Usage.NONE);
      }
      try {
        return Judgement.of(Ranking.topK(size, zeroBased(line)), "person");
      } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        out.printf(
            Locale.ROOT,
            "that is not a list of numbers from 1 to %d, each once, such as 2 1%n",
            size);
      }
    }
  }

  private @Nullable String line() {
    try {
      return in.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int[] zeroBased(String line) {
    List<Integer> items = new ArrayList<>();
    for (String word :
        Splitter.onPattern("[\\s,]+").trimResults().omitEmptyStrings().split(line.strip())) {
      items.add(Integer.parseInt(word) - 1);
    }
    return items.stream().mapToInt(Integer::intValue).toArray();
  }
}
