package org.tastemaker.core.card;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;

/**
 * What a model or a LoRA says about itself.
 *
 * @param title a few words
 * @param summary sentences on what it is for and how it was trained; empty for none
 * @param author who publishes it
 * @param license as hubs write it, such as {@code apache-2.0}; that of the base model binds too
 * @param baseModel its name on a hub, such as {@code stable-diffusion-v1-5/stable-diffusion-v1-5}
 * @param method how it was trained, such as {@code DiffusionNFT on LoRA weights}
 * @param judge who ranked or scored
 * @param prompts that it was trained on; empty if there are none to name
 * @param triggers words that call for it
 * @param measured before and after; empty where nothing was measured
 * @param settings of the training, by name; those that name a path or a secret are left out
 * @param provenance versions, seeds and hashes
 */
@RecordBuilder
public record ModelCard(
    String title,
    String summary,
    Optional<String> author,
    Optional<String> license,
    Optional<String> baseModel,
    Optional<String> method,
    Optional<String> judge,
    List<String> prompts,
    List<String> triggers,
    List<Measured> measured,
    Map<String, String> settings,
    Optional<Provenance> provenance)
    implements ModelCardBuilder.With {
  /** What the card is of. */
  public enum Kind {
    /** A LoRA file or folder. */
    LORA,
    /** A folder of a whole model in diffusers' layout. */
    MODEL
  }

  /**
   * Checks that nothing in it is a key or a path of this machine.
   *
   * @throws IllegalArgumentException if a field is; the message names it
   */
  public ModelCard {
    String unused = PublicText.require("title", title);
    if (!summary.isEmpty()) {
      unused = PublicText.require("summary", summary);
    }
    author.ifPresent(text -> PublicText.require("author", text));
    license.ifPresent(text -> PublicText.require("license", text));
    baseModel.ifPresent(text -> PublicText.require("baseModel", text));
    method.ifPresent(text -> PublicText.require("method", text));
    judge.ifPresent(text -> PublicText.require("judge", text));
    prompts.forEach(text -> PublicText.require("a prompt", text));
    triggers.forEach(text -> PublicText.require("a trigger", text));
    prompts = List.copyOf(prompts);
    triggers = List.copyOf(triggers);
    measured = List.copyOf(measured);
    Map<String, String> shown = new TreeMap<>();
    settings.forEach(
        (name, value) -> {
          if (PublicText.mayBeShown(name, value)) {
            shown.put(name, value);
          }
        });
    settings = Collections.unmodifiableMap(shown);
    Objects.requireNonNull(provenance, "provenance == null");
  }

  /**
   * A card with a title alone.
   *
   * @param title a few words
   * @return to be filled with its withers
   */
  public static ModelCard of(String title) {
    return new ModelCard(
        title,
        "",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of(),
        List.of(),
        Map.of(),
        Optional.empty());
  }

  /**
   * Whether a text may stand in a card: for names that come from elsewhere, such as that of a model
   * on a server, which may be a path there. A card that cannot be made must not end a long run.
   *
   * @param text any
   * @return false if it is blank, or looks like a key or a path
   */
  public static boolean mayShow(String text) {
    return !text.isBlank() && PublicText.problem(text).isEmpty();
  }

  /**
   * The settings and the provenance of a run.
   *
   * @param folder of the run
   * @return a new card
   */
  public ModelCard withRun(RunFolder folder) {
    Map<String, String> texts = new TreeMap<>();
    folder.config().forEach((name, value) -> texts.put(name, String.valueOf(value)));
    return withSettings(texts).withProvenance(Optional.of(folder.provenance()));
  }

  /**
   * Entries for the header of a safetensors file, under the names that the lists of kohya's tools,
   * AUTOMATIC1111 and ComfyUI show. Entries that depend on the weights are left to whoever writes
   * the file.
   *
   * @return texts by key
   */
  public Map<String, String> metadata() {
    Map<String, String> entries = new TreeMap<>();
    entries.put("modelspec.sai_model_spec", "1.0.0");
    entries.put("modelspec.title", title);
    entries.put("ss_training_comment", comment());
    if (!summary.isEmpty()) {
      entries.put("modelspec.description", summary);
    }
    author.ifPresent(text -> entries.put("modelspec.author", text));
    license.ifPresent(text -> entries.put("modelspec.license", text));
    baseModel.ifPresent(text -> entries.put("ss_sd_model_name", text));
    if (!triggers.isEmpty()) {
      entries.put("modelspec.trigger_phrase", String.join(", ", triggers));
    }
    entries.put("modelspec.tags", "text-to-image, tastemaker");
    setting(entries, "ss_learning_rate", "learningRate");
    setting(entries, "ss_seed", "seed");
    provenance.ifPresent(
        made -> {
          entries.put(
              "modelspec.date", made.createdAt().truncatedTo(ChronoUnit.SECONDS).toString());
          entries.put("ss_training_started_at", Long.toString(made.createdAt().getEpochSecond()));
        });
    return entries;
  }

  private String comment() {
    return "trained with Tastemaker"
        + method.map(text -> ", " + text).orElse("")
        + judge.map(text -> "; judge: " + text).orElse("");
  }

  private void setting(Map<String, String> entries, String key, String name) {
    String value = settings.get(name);
    if (value != null) {
      entries.put(key, value);
    }
  }
}
