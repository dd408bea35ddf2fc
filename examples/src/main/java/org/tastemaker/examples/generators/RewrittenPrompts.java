package org.tastemaker.examples.generators;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.feedback.FeedbackException;

/**
 * The rewritten prompts of a study, in a file that is written after each: none is paid for twice. A
 * prompt that the rewriter refuses has none, and that is kept too.
 */
public final class RewrittenPrompts {
  private final Path file;
  private final Map<String, String> texts = new LinkedHashMap<>();
  private final Map<String, String> refused = new LinkedHashMap<>();

  /**
   * Opens the file, or begins one.
   *
   * @param file JSON: {@code {"texts": {original: rewritten}, "refused": {original: why}}}
   */
  public RewrittenPrompts(Path file) {
    this.file = file;
    if (Files.exists(file)) {
      Map<?, ?> json = (Map<?, ?>) Objects.requireNonNull(Json.read(file));
      fill(json.get("texts"), texts);
      fill(json.get("refused"), refused);
    }
  }

  private void fill(@Nullable Object found, Map<String, String> into) {
    if (!(found instanceof Map<?, ?> map)) {
      throw new IllegalArgumentException(
          file + " must hold the objects 'texts' and 'refused'; delete it to begin anew");
    }
    map.forEach((key, value) -> into.put(String.valueOf(key), String.valueOf(value)));
  }

  /**
   * How many are still to be asked for.
   *
   * @param prompts of the study
   * @return those without an answer
   */
  public int left(List<Prompt> prompts) {
    return (int) prompts.stream().filter(prompt -> !known(prompt)).count();
  }

  private boolean known(Prompt prompt) {
    return texts.containsKey(prompt.text()) || refused.containsKey(prompt.text());
  }

  /**
   * Asks for those that are not there.
   *
   * @param prompts of the study
   * @param rewriter asked once for each
   * @throws FeedbackException if it fails in another way than by a refusal or an answer of no use;
   *     what was answered is kept
   */
  public void make(List<Prompt> prompts, UnaryOperator<Prompt> rewriter) {
    for (Prompt prompt : prompts) {
      if (known(prompt)) {
        continue;
      }
      try {
        texts.put(prompt.text(), rewriter.apply(prompt).text());
      } catch (FeedbackException.Refused | FeedbackException.MalformedVerdict e) {
        refused.put(prompt.text(), String.valueOf(e.getMessage()));
      }
      write();
    }
  }

  private void write() {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make the folder of " + file + ": " + e, e);
    }
    AtomicFiles.write(file, Json.write(Map.of("texts", texts, "refused", refused)));
  }

  /**
   * A prompt's rewritten text.
   *
   * @param prompt as it was given
   * @return another text; empty where the rewriter gave none
   */
  public Optional<Prompt> of(Prompt prompt) {
    return Optional.ofNullable(texts.get(prompt.text())).map(Prompt::of);
  }

  /**
   * What the rewriter did not rewrite.
   *
   * @return the reason by prompt
   */
  public Map<String, String> refused() {
    return Map.copyOf(refused);
  }
}
