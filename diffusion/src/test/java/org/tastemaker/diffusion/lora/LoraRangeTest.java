package org.tastemaker.diffusion.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.DenoisingRange;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/** The range of the denoising that a LoRA is meant for, in its file. */
class LoraRangeTest {
  private static final DenoisingRange EARLY = DenoisingRange.until(0.6);

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(LoraFile.Format.class)
  void everyFormatKeepsIt(LoraFile.Format format) {
    Path path = folder.resolve("lora.safetensors");
    try (UNet2DConditionModel unet = LoraFixtures.unet();
        Lora lora = LoraFixtures.newLora("own", unet, Lora.Options.defaults())) {
      LoraFile.Options options = LoraFile.Options.kohya().withFormat(format);
      LoraFile.write(path, List.of(lora), options.withAdapted(EARLY));
      Map<LoraNetwork, org.tastemaker.diffusion.model.Parameters> networks =
          Map.of(LoraNetwork.UNET, unet.parameters());
      try (LoraContents contents = LoraFile.contents(path, "read", networks)) {
        assertThat(contents.adapted()).isEqualTo(EARLY);
        assertThat(contents.loras()).containsOnlyKeys(LoraNetwork.UNET);
      }
      LoraFile.write(path, List.of(lora), options);
      try (LoraContents contents = LoraFile.contents(path, "read", networks)) {
        assertThat(contents.adapted()).isEqualTo(DenoisingRange.ALL);
      }
    }
  }

  @Test
  void theHeaderSaysItToProgramsAndToPeople() {
    Path path = folder.resolve("lora.safetensors");
    try (UNet2DConditionModel unet = LoraFixtures.unet();
        Lora lora = LoraFixtures.newLora("own", unet, Lora.Options.defaults())) {
      LoraFile.write(path, List.of(lora), LoraFile.Options.kohya().withAdapted(EARLY));
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.metadata())
          .containsEntry("tastemaker.start_percent", "0.0")
          .containsEntry("tastemaker.end_percent", "0.6")
          .containsEntry(
              "modelspec.usage_hint",
              "Use it in a part of the denoising only: start_percent 0.0, end_percent 0.6 (0 is"
                  + " pure noise, 1 the finished image).");
    }
  }

  @Test
  void metadataOfTheCallersOwnComesFirst() {
    Path path = folder.resolve("lora.safetensors");
    try (UNet2DConditionModel unet = LoraFixtures.unet();
        Lora lora = LoraFixtures.newLora("own", unet, Lora.Options.defaults())) {
      LoraFile.write(
          path,
          List.of(lora),
          LoraFile.Options.kohya()
              .withAdapted(EARLY)
              .withMetadata(ImmutableMap.of("modelspec.usage_hint", "my own words")));
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.metadata())
          .containsEntry("modelspec.usage_hint", "my own words")
          .containsEntry("tastemaker.end_percent", "0.6");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "tastemaker.end_percent, soon, '\"tastemaker.end_percent\" must be a number from 0 to 1'",
    "tastemaker.start_percent, 1.5, a range of denoising is 0 <= start < end <= 1",
    "tastemaker.end_percent, NaN, a range of denoising is 0 <= start < end <= 1",
    "tastemaker.end_percent, 0.60000000000000000000000000000000000000001, must be a number from 0"
  })
  void aHeaderThatSaysNoRangeIsAnErrorThatNamesTheFile(String key, String value, String message) {
    Path path = folder.resolve("lora.safetensors");
    try (UNet2DConditionModel unet = LoraFixtures.unet();
        Lora lora = LoraFixtures.newLora("own", unet, Lora.Options.defaults())) {
      LoraFile.write(
          path, List.of(lora), LoraFile.Options.kohya().withMetadata(ImmutableMap.of(key, value)));
      assertThatThrownBy(
              () -> LoraFile.contents(path, "read", Map.of(LoraNetwork.UNET, unet.parameters())))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(path + ": ")
          .hasMessageContaining(message);
    }
  }
}
