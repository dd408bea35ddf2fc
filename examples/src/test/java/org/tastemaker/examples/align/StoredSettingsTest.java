package org.tastemaker.examples.align;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.Settings;
import org.tastemaker.examples.emoji.EmojiReport;

class StoredSettingsTest {
  private static final EmojiReport.Counts COUNTS = new EmojiReport.Counts(4, 16, 32, 8);
  private static final Settings SETTINGS =
      Settings.none()
          .with("counts", COUNTS)
          .with("guidance", 3.0)
          .with("measured", "as trained, guidance 1.0 and 3.0")
          .with("prompts", List.of("green heart", "a [b=c, d]"))
          .with("seed", 1L)
          .with("tiny", 1e-5);

  @Test
  void settingsAreReadAsTheyWereWritten() {
    String json = Json.write(SETTINGS.values());

    assertThat(StoredSettings.read(Json.parseObject(json, "a file"))).isEqualTo(SETTINGS);
  }

  @Test
  void numbersListsAndRecordsAsTextsAreReadToo() {
    String json =
        """
        {"counts": "Counts[consistency=4, occupations=16, neutral=32, categories=8]",
         "guidance": 3.0, "measured": "as trained, guidance 1.0 and 3.0",
         "prompts": ["green heart", "a [b=c, d]"], "seed": 1, "tiny": 1.0E-5}
        """;

    assertThat(json).contains(COUNTS.toString());
    assertThat(StoredSettings.read(Json.parseObject(json, "a file"))).isEqualTo(SETTINGS);
  }
}
