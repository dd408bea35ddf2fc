package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Published examples of the service, and values that follow from its published formulas. */
class ImageTokensTest {

  @ParameterizedTest
  @CsvSource({
    "gpt-4o, 512, 512, 255",
    "gpt-4o, 768, 768, 765",
    "gpt-4o, 1024, 1024, 765",
    "gpt-4o, 2048, 4096, 1105",
    "gpt-4o-2024-08-06, 512, 512, 255",
    "gpt-4o-mini, 512, 512, 8500",
    "gpt-4.1-mini, 512, 512, 415",
    "gpt-4.1-mini, 1024, 1024, 1659"
  })
  void tokensInHighDetail(String model, int width, int height, long tokens) {
    assertThat(ImageTokens.forModel(model).count(width, height, ImageForm.Detail.HIGH))
        .isEqualTo(tokens);
  }

  @ParameterizedTest
  @CsvSource({"1024, 1024, 1024", "1800, 2400, 1452", "512, 512, 256", "32, 32, 1", "1, 1, 1"})
  void patches(int width, int height, long patches) {
    assertThat(new ImageTokens.Patches(1).count(width, height, ImageForm.Detail.HIGH))
        .isEqualTo(patches);
  }

  @ParameterizedTest
  @CsvSource({"gpt-4o, 85", "gpt-4o-mini, 2833", "o1, 75"})
  void lowDetailIsTheBase(String model, long tokens) {
    assertThat(ImageTokens.forModel(model).count(2000, 1000, ImageForm.Detail.LOW))
        .isEqualTo(tokens);
  }

  @ParameterizedTest
  @CsvSource({"512, 512, 415", "1024, 1024, 1659"})
  void anUnknownModelCountsTheLargerOfTwoCommonFormulas(int width, int height, long tokens) {
    assertThat(ImageTokens.forModel("llava").count(width, height, ImageForm.Detail.HIGH))
        .isEqualTo(tokens);
  }
}
