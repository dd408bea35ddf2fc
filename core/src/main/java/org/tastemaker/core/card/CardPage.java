package org.tastemaker.core.card;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.tastemaker.core.card.ModelCard.Kind;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.Provenance;

/**
 * A card as a page.
 *
 * @param card what it says
 * @param kind what it is of
 */
record CardPage(ModelCard card, Kind kind) {
  /** By which a page is known to be one of this library's, so that it may be replaced. */
  static final String MARK = "<!-- written by Tastemaker -->";

  String text() {
    StringBuilder page = new StringBuilder(frontMatter());
    page.append("\n").append(MARK).append("\n\n# ").append(line(card.title())).append("\n");
    if (!card.summary().isEmpty()) {
      page.append("\n").append(card.summary().strip()).append("\n");
    }
    page.append(training()).append(measurements()).append(use()).append(settings());
    card.provenance().ifPresent(made -> page.append(provenance(made)));
    return page.toString();
  }

  private String frontMatter() {
    StringBuilder yaml = new StringBuilder("---\n");
    card.license().ifPresent(text -> yaml.append("license: ").append(quoted(text)).append("\n"));
    card.baseModel()
        .ifPresent(
            text ->
                yaml.append("base_model: ")
                    .append(quoted(text))
                    .append("\nbase_model_relation: ")
                    .append(kind == Kind.LORA ? "adapter" : "finetune")
                    .append("\n"));
    yaml.append("library_name: diffusers\npipeline_tag: text-to-image\ntags:\n");
    List<String> tags = new ArrayList<>(List.of("text-to-image", "diffusers"));
    if (kind == Kind.LORA) {
      tags.add("lora");
    }
    tags.add("tastemaker");
    tags.forEach(tag -> yaml.append("- ").append(tag).append("\n"));
    if (!card.triggers().isEmpty()) {
      yaml.append("instance_prompt: ")
          .append(quoted(String.join(", ", card.triggers())))
          .append("\n");
    }
    if (!card.measured().isEmpty()) {
      yaml.append("model-index:\n- name: ").append(quoted(card.title())).append("\n  results:\n");
      card.measured().forEach(measured -> yaml.append(result(measured)));
    }
    return yaml.append("---\n").toString();
  }

  private static String result(Measured measured) {
    return "  - task:\n      type: text-to-image\n"
        + "    dataset:\n      name: held-out\n      type: held-out\n"
        + "    metrics:\n    - type: score\n      name: "
        + quoted(measured.name())
        + String.format(Locale.ROOT, "\n      value: %.4f\n", measured.after());
  }

  private String training() {
    StringBuilder text = new StringBuilder("\n## How it was trained\n\n");
    card.method().ifPresent(method -> text.append("- method: ").append(line(method)).append("\n"));
    text.append("- judge: ").append(line(card.judge().orElse("not recorded"))).append("\n");
    card.baseModel().ifPresent(it -> text.append("- base model: ").append(line(it)).append("\n"));
    if (card.prompts().isEmpty()) {
      text.append("- prompts: not recorded\n");
    } else {
      text.append("- prompts:\n");
      card.prompts().forEach(it -> text.append("  - ").append(line(it)).append("\n"));
    }
    text.append(
        card.license()
            .map(it -> "- license: " + line(it) + ", and that of the base model\n")
            .orElse("- license: not stated; that of the base model binds\n"));
    return text.toString();
  }

  private String measurements() {
    if (card.measured().isEmpty()) {
      return "\n## How it was measured\n\nIt was not measured.\n";
    }
    StringBuilder text =
        new StringBuilder(
            "\n## How it was measured\n\nThe base model and this one, on the same prompts and seeds."
                + "\n\n| measurement | before | after | change [95 %] | pairs of images |\n"
                + "| --- | --- | --- | --- | --- |\n");
    for (Measured it : card.measured()) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %.3f | %.3f | %s | %s |\n",
              cell(it.name()),
              it.before(),
              it.after(),
              it.change(),
              it.pairs() == 0 ? "" : Integer.toString(it.pairs())));
    }
    return text.toString();
  }

  private String use() {
    String triggers =
        card.triggers().isEmpty()
            ? ""
            : "\nWords that call for it: " + line(String.join(", ", card.triggers())) + ".\n";
    return "\n## How it is used\n\n"
        + (kind == Kind.LORA
            ? "It is loaded on top of the base model, in diffusers with `load_lora_weights`.\n"
            : "The folder has diffusers' layout (`StableDiffusionPipeline.from_pretrained`).\n")
        + triggers;
  }

  private String settings() {
    return card.settings().isEmpty() ? "" : "\n## Settings\n\n" + table(card.settings());
  }

  private static String provenance(Provenance made) {
    StringBuilder text = new StringBuilder("\n## Provenance\n\n");
    text.append("Begun at ").append(made.createdAt()).append(".\n\n");
    text.append(table(made.environment()));
    if (!made.seeds().isEmpty()) {
      text.append("\nSeeds:\n\n").append(table(made.seeds()));
    }
    if (!made.hashes().isEmpty()) {
      text.append("\nSHA-256 of what it was made from:\n\n").append(table(made.hashes()));
    }
    return text.toString();
  }

  private static String table(Map<String, ?> values) {
    StringBuilder text = new StringBuilder("| name | value |\n| --- | --- |\n");
    values.forEach(
        (name, value) -> {
          if (PublicText.mayBeShown(name, name + " " + value)) {
            text.append("| ")
                .append(cell(name))
                .append(" | ")
                .append(cell(String.valueOf(value)))
                .append(" |\n");
          }
        });
    return text.toString();
  }

  /** YAML's double-quoted strings are JSON's. */
  private static String quoted(String text) {
    return Json.write(text);
  }

  /** On one line, without what Markdown or HTML would take for its own. */
  private static String line(String text) {
    return text.replaceAll("\\s+", " ")
        .strip()
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replaceAll("([\\\\`*\\[\\]#])", "\\\\$1");
  }

  private static String cell(String text) {
    return line(text).replace("|", "\\|");
  }
}
