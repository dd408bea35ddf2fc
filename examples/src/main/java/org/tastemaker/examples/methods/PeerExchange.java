package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/**
 * The folder in which another program trains: it asks for the scores of its images, and is told
 * when it is its turn.
 *
 * <pre>
 *   turn.json                  up to which round it may train                     written here
 *   round-0007.safetensors     images [N, 3, H, W] of a round, in [0, 1]
 *   round-0007.json            their rewards, {@code {"values": [N]}}             written here
 *   held-out-0010.safetensors  images that it made with the held-out noise
 *   held-out-0010.json         their scores                                       written here
 *   curve.jsonl                the rounds that it has done, a {@link Curve}
 * </pre>
 *
 * <p>Both sides write under another name and rename.
 */
final class PeerExchange {
  private static final Pattern QUESTION =
      Pattern.compile("(?<kind>round|held-out)-\\d+\\.safetensors");

  private final Path folder;
  private final Protocol protocol;
  private final TrialJudge judge;
  private final Runnable waiting;

  /**
   * An exchange.
   *
   * @param folder must exist
   * @param protocol what the images are
   * @param judge scores them
   * @param waiting called when there is nothing to do: sleeps a little, and throws where the other
   *     program has ended
   */
  PeerExchange(Path folder, Protocol protocol, TrialJudge judge, Runnable waiting) {
    this.folder = folder;
    this.protocol = protocol;
    this.judge = judge;
    this.waiting = waiting;
  }

  /**
   * Lets the other program train, and answers what it asks, until a round is done.
   *
   * @param round the last one that it may do; 0 is the measurement before training
   * @return its curve so far
   * @throws IllegalStateException if it asks something that cannot be answered
   */
  Curve until(int round) {
    AtomicFiles.write(folder.resolve("turn.json"), Json.write(Map.of("round", round)));
    Curve curve = curve();
    while (curve.round() < round) {
      Optional<Path> asked = asked();
      if (asked.isPresent()) {
        answer(asked.get());
      } else {
        waiting.run();
      }
      curve = curve();
    }
    return curve;
  }

  /** What the other program has done so far. */
  Curve curve() {
    return Curve.read(folder.resolve("curve.jsonl"));
  }

  /** A question without an answer. */
  private Optional<Path> asked() {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> QUESTION.matcher(file.getFileName().toString()).matches())
          .filter(file -> !Files.exists(answerTo(file)))
          .findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list " + folder + ": " + e.getMessage(), e);
    }
  }

  private static Path answerTo(Path question) {
    String name = question.getFileName().toString();
    return question.resolveSibling(name.replace(".safetensors", ".json"));
  }

  private void answer(Path question) {
    Matcher name = QUESTION.matcher(question.getFileName().toString());
    boolean heldOut = name.matches() && name.group("kind").equals("held-out");
    List<Prompt> prompts = heldOut ? protocol.heldOut() : protocol.round();
    List<Image> images = images(question, prompts.size());
    List<Double> values = heldOut ? judge.scores(prompts, images) : judge.rewards(prompts, images);
    AtomicFiles.write(answerTo(question), Json.write(Map.of("values", values)));
  }

  private static List<Image> images(Path file, int count) {
    try (SafetensorsFile open = SafetensorsFile.open(file)) {
      List<Long> shape = open.shape("images").asList();
      if (shape.size() != 4 || shape.get(0) != count || shape.get(1) != 3) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "%s must hold %s images, [%s, 3, H, W], but holds %s: both sides need the same prompts and images per prompt",
                file,
                count,
                count,
                shape));
      }
      float[] all = open.floats("images");
      int size = all.length / count;
      int height = shape.get(2).intValue();
      int width = shape.get(3).intValue();
      List<Image> images = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        float[] one = new float[size];
        System.arraycopy(all, i * size, one, 0, size);
        images.add(Image.of(3, height, width, one));
      }
      return images;
    } catch (SafetensorsException e) {
      throw new IllegalStateException(
          file
              + " cannot be read, and must be whole when it has this name: write it under another one and rename it ("
              + e.getMessage()
              + ")",
          e);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(file + " holds no images: " + e.getMessage(), e);
    }
  }
}
