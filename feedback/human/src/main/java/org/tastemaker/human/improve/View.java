package org.tastemaker.human.improve;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Prompt;

/**
 * What a page shows at one moment.
 *
 * @param version grows with every change
 * @param run tells runs apart
 * @param opened when this process opened it: versions of another process are not compared
 * @param prompt of the image
 * @param question that is open
 * @param steps whether it is about steps, of which one may be taken, and not about probes
 * @param best how many to name
 * @param order the candidate at each place
 * @param images the image's key at each place; empty while it is being made
 * @param current the place of the best so far among them, or -1
 * @param moves the keys of the start and of what each move led to; the last is the best so far
 * @param round from 1
 * @param canUndo whether there is something to undo
 * @param settings of the run
 * @param last of the times from a click to the first new image, in milliseconds
 * @param median of them
 * @param clicks how many were measured
 * @param lora whether there is a LoRA to download
 * @param trouble why no images are made, if that is so
 */
record View(
    long version,
    String run,
    String opened,
    Prompt prompt,
    long question,
    boolean steps,
    int best,
    List<Integer> order,
    List<Optional<String>> images,
    int current,
    List<Optional<String>> moves,
    long round,
    boolean canUndo,
    Map<String, String> settings,
    OptionalDouble last,
    OptionalDouble median,
    int clicks,
    boolean lora,
    Optional<String> trouble) {

  Map<String, @Nullable Object> toJson() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("version", version);
    json.put("run", run);
    json.put("opened", opened);
    json.put("prompt", prompt.text());
    json.put("negative", prompt.negativeText());
    json.put("question", Long.toString(question));
    json.put("kind", steps ? "steps" : "probes");
    json.put("best", best);
    json.put("images", images.stream().map(View::address).toList());
    json.put("current", current);
    json.put("moves", moves.stream().map(View::address).toList());
    json.put("round", round);
    json.put("canUndo", canUndo);
    json.put("settings", settings);
    json.put("lora", lora);
    json.put("last", rounded(last));
    json.put("median", rounded(median));
    json.put("clicks", clicks);
    json.put("trouble", trouble.orElse(null));
    return json;
  }

  private static @Nullable String address(Optional<String> key) {
    return key.map(name -> "/image/" + name + ".png").orElse(null);
  }

  private static @Nullable Long rounded(OptionalDouble millis) {
    return millis.isPresent() ? Math.round(millis.getAsDouble()) : null;
  }
}
