package org.tastemaker.core.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.card.ModelCard.Kind;
import org.tastemaker.core.run.Provenance;

class ModelCardTest {
  private static final ModelCard CARD =
      ModelCard.of("Red \"emoji\"")
          .withSummary("Draws red emoji.")
          .withAuthor(Optional.of("A team"))
          .withLicense(Optional.of("apache-2.0"))
          .withBaseModel(Optional.of("owner/base-model"))
          .withMethod(Optional.of("DiffusionNFT on LoRA weights"))
          .withJudge(Optional.of("gpt-4.1-mini"))
          .withPrompts(List.of("rocket", "a [red] | apple"))
          .withMeasured(List.of(new Measured("judge's score", 0.25, 0.5, 0.1, 0.4, 32)))
          .withSettings(Map.of("learningRate", "0.001", "seed", "7"))
          .withProvenance(
              Optional.of(
                  new Provenance(
                      Instant.parse("2026-11-28T01:02:03Z"),
                      Map.of("java", "17.0.15"),
                      Map.of("run", 7L),
                      Map.of("unet", "ab12"))));

  private static String page(ModelCard card, Kind kind) {
    return new CardPage(card, kind).text();
  }

  @Test
  void theFrontMatterIsWhatHubsRead() {
    assertThat(page(CARD, Kind.LORA))
        .startsWith(
            """
            ---
            license: "apache-2.0"
            base_model: "owner/base-model"
            base_model_relation: adapter
            library_name: diffusers
            pipeline_tag: text-to-image
            tags:
            - text-to-image
            - diffusers
            - lora
            - tastemaker
            model-index:
            - name: "Red \\"emoji\\""
              results:
              - task:
                  type: text-to-image
                dataset:
                  name: held-out
                  type: held-out
                metrics:
                - type: score
                  name: "judge's score"
                  value: 0.5000
            ---
            """);
    assertThat(page(CARD, Kind.MODEL))
        .contains("base_model_relation: finetune")
        .doesNotContain("- lora");
  }

  @Test
  void thePageSaysWhatByWhomAndHowItWasMeasured() {
    assertThat(page(CARD, Kind.LORA))
        .contains(
            "- method: DiffusionNFT on LoRA weights\n",
            "- judge: gpt-4.1-mini\n",
            "  - rocket\n  - a \\[red\\] | apple\n",
            "| judge's score | 0.250 | 0.500 | +0.250 [+0.100, +0.400] | 32 |",
            "| learningRate | 0.001 |",
            "Begun at 2026-11-28T01:02:03Z",
            "| unet | ab12 |");
  }

  @Test
  void whatIsNotKnownIsSaidToBe() {
    assertThat(page(ModelCard.of("Mine"), Kind.LORA))
        .contains("It was not measured.", "judge: not recorded", "license: not stated")
        .doesNotContain("license: \"", "base_model", "model-index");
  }

  @Test
  void theHeaderHasTheKeysThatListsShow() {
    assertThat(CARD.metadata())
        .containsEntry("modelspec.title", "Red \"emoji\"")
        .containsEntry("modelspec.date", "2026-11-28T01:02:03Z")
        .containsEntry("modelspec.license", "apache-2.0")
        .containsEntry("ss_sd_model_name", "owner/base-model")
        .containsEntry("ss_learning_rate", "0.001")
        .containsEntry("ss_training_started_at", "1795827723")
        .containsEntry(
            "ss_training_comment",
            "trained with Tastemaker, DiffusionNFT on LoRA weights; judge: gpt-4.1-mini");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/home/me/models/base",
        "C:\\models\\base",
        "~/models",
        "../base",
        "file:base",
        "see /srv/base",
        "sk-proj-abcdef123456",
        "hf_abcdefgh",
        "https://me:word@host/base"
      })
  void aKeyOrAPathIsRejectedWithoutBeingRepeated(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CARD.withBaseModel(Optional.of(text)))
        .withMessageContaining("baseModel looks like a ")
        .withMessageNotContaining(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "owner/base-model",
        "https://host.example/owner/base",
        "a cat and/or a dog",
        "3/4 view, 50 % grey",
        "task-driven"
      })
  void whatOnlyResemblesAPathIsLetThrough(String text) {
    assertThat(page(CARD.withBaseModel(Optional.of(text)), Kind.LORA)).contains(text);
  }

  @Test
  void settingsThatNameAPathOrASecretAreLeftOut() {
    ModelCard card =
        CARD.withSettings(
            Map.of(
                "cache", "/srv/answers", "apiKey", "abc", "judge.url", "sk-abcdef", "rank", "4"));

    assertThat(card.settings()).containsOnlyKeys("rank");
    assertThat(page(card, Kind.LORA)).doesNotContain("/srv", "abc", "sk-");
  }

  @Test
  void textFromOutsideIsNeitherMarkupNorAnotherLine() {
    assertThat(page(CARD.withJudge(Optional.of("a\n# b <script> `c`")), Kind.LORA))
        .contains("- judge: a \\# b &lt;script> \\`c\\`\n");
  }

  @Test
  void aNameFromElsewhereCanBeAskedAboutBefore() {
    assertThat(ModelCard.mayShow("gpt-4.1-mini")).isTrue();
    assertThat(ModelCard.mayShow("/models/qwen")).isFalse();
    assertThat(ModelCard.mayShow(" ")).isFalse();
  }
}
