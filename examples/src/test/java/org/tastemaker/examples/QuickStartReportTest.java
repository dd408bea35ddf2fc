package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.examples.emoji.BundledModel;

class QuickStartReportTest {
  @TempDir Path folder;

  @Test
  void theWholeReportIsThereAndItsSeedsMakeItsImages() throws Exception {
    QuickStarts quickStart = new QuickStarts(folder.resolve("run"));
    quickStart.images = 6; // two often tie, and a round of ties trains nothing
    assertThat(quickStart.measuring("--rounds", "2", "--method", "ddpo")).isZero();
    String report = Files.readString(folder.resolve("run/report.html"));

    assertThat(report.indexOf("<figure class=\"change\"><img src=\"data:image/png;base64,"))
        .isPositive()
        .isLessThan(report.indexOf("class=\"figure\""));
    assertThat(folder.resolve("run/before-after.png")).isNotEmptyFile();
    assertThat(all(report, "<h2>([^<]+)</h2>"))
        .containsExactly(
            "Cost",
            "Measurements",
            "Over the run",
            "Before and after",
            "What the judge said",
            "What this does not show",
            "Configuration",
            "Provenance");
    assertThat(all(report, "<figcaption><b>([^<]+)</b><span class=\"legend\""))
        .containsExactly(
            "Score on held-out seeds",
            "KL divergence from the base model, nats",
            "Share of clipped ratios");
    assertThat(report).contains("Shaded: 95\u00a0% intervals.");
    assertThat(all(report, "role=\"rowheader\">([^<]+)<"))
        .containsExactly(
            "consistency", "gender bias", "skin tone bias", "harm", "diversity", "unclear images");
    assertThat(all(report, "<blockquote>([^<]+)</blockquote>"))
        .singleElement()
        .asString()
        .matches("Nearest glyphs, with confidence: A .+; B .+\\.");
    assertThat(report)
        .contains("Best first: ", "judge: glyphs", "No paid calls.", ">imagesPerPrompt<", ">step<");

    List<String> seeds = all(report, "<p class=\"seed\">seed (-?[0-9]+)</p>");
    assertThat(seeds).hasSize(4).doesNotHaveDuplicates();
    List<String> before =
        all(report, "<figure class=\"before\"><img src=\"data:image/png;base64,([^\"]+)\"");
    Image shown = Image.fromBytes(Base64.getDecoder().decode(before.get(3)));
    assertImage(shown, Long.parseLong(seeds.get(3)));
  }

  /** What a reader does: the quick start's sampling, the prompt, and the seed of the page. */
  private static void assertImage(Image shown, long seed) {
    try (LatentDiffusion model = BundledModel.load();
        Rollout again =
            model
                .with(SamplingOptions.ddpo().withSteps(QuickStarts.STEPS).withGuidanceScale(3))
                .rollout(List.of(Prompt.of("green heart")), List.of(Seed.of(seed)))) {
      float[] expected = shown.toFloats();
      float[] made = again.images().get(0).toFloats();
      for (int i = 0; i < expected.length; i++) {
        // A PNG rounds to 1 / 255; sums of another batch size differ by less than as much again.
        assertThat(made[i]).isCloseTo(expected[i], within(2f / 255));
      }
    }
  }

  private static List<String> all(String text, String regex) {
    List<String> found = new ArrayList<>();
    Matcher matcher = Pattern.compile(regex).matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
