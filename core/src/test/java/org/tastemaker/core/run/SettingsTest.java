package org.tastemaker.core.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

class SettingsTest {
  private enum Form {
    PATHWISE {
      @Override
      public String toString() {
        return "another word";
      }
    }
  }

  private record Decay(double rate, int warmUp) {}

  private record Options(
      double clipRange,
      float bound,
      long seed,
      int batch,
      boolean exact,
      Form form,
      String name,
      Path folder,
      Optional<Decay> decay,
      Optional<String> judge,
      OptionalInt count,
      OptionalLong large,
      OptionalDouble scale,
      List<Double> betas,
      Set<String> parts,
      Map<String, Integer> weights,
      List<Decay> decays,
      int[] sizes,
      Duration timeout,
      Instant since,
      Seed drawn,
      @Nullable String nothing) {}

  private static Options options() {
    return new Options(
        1e-4,
        0.1f,
        Long.MIN_VALUE,
        12345,
        true,
        Form.PATHWISE,
        "a, b",
        Path.of("runs", "first"),
        Optional.of(new Decay(0.999, 1000)),
        Optional.empty(),
        OptionalInt.of(7),
        OptionalLong.empty(),
        OptionalDouble.of(Double.POSITIVE_INFINITY),
        List.of(0.1, Double.NaN),
        new LinkedHashSet<>(List.of("b", "a")),
        new LinkedHashMap<>(Map.of("x", 1)),
        List.of(new Decay(0.5, 1)),
        new int[] {3, 4},
        Duration.ofSeconds(1, 500_000_000),
        Instant.parse("2026-11-23T10:15:30Z"),
        Seed.of(3),
        null);
  }

  @Test
  void everyComponentOfARecordIsThere() {
    assertThat(Settings.of(options()).values())
        .isEqualTo(
            Map.ofEntries(
                Map.entry("clipRange", "1.0E-4"),
                Map.entry("bound", "0.1"),
                Map.entry("seed", "-9223372036854775808"),
                Map.entry("batch", "12345"),
                Map.entry("exact", "true"),
                Map.entry("form", "PATHWISE"),
                Map.entry("name", "a, b"),
                Map.entry("folder", Path.of("runs", "first").toString()),
                Map.entry("decay.rate", "0.999"),
                Map.entry("decay.warmUp", "1000"),
                Map.entry("judge", "none"),
                Map.entry("count", "7"),
                Map.entry("large", "none"),
                Map.entry("scale", "Infinity"),
                Map.entry("betas", "[0.1,\"NaN\"]"),
                Map.entry("parts", "[\"a\",\"b\"]"),
                Map.entry("weights", "{\"x\":1}"),
                Map.entry("decays", "[{\"rate\":0.5,\"warmUp\":1}]"),
                Map.entry("sizes", "[3,4]"),
                Map.entry("timeout", "PT1.5S"),
                Map.entry("since", "2026-11-23T10:15:30Z"),
                Map.entry("drawn.key", "3"),
                Map.entry("nothing", "none")));
  }

  /** Locales with digits, a decimal comma, a minus sign or a capital I of their own. */
  @Test
  void noDefaultLocaleChangesThem() {
    Locale before = Locale.getDefault();
    Settings expected = Settings.of(options()).with("text", "\u0001I");
    try {
      for (String tag :
          List.of(
              "ar-EG-u-nu-arab", "hi-IN-u-nu-deva", "th-TH-u-nu-thai", "de", "tr", "sv", "fa")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        assertThat(Settings.of(options()).with("text", "\u0001I")).as(tag).isEqualTo(expected);
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @Property
  void numbersHaveTheSameTextOnlyIfTheyAreEqual(@ForAll double a, @ForAll double b) {
    Settings first = Settings.of(new Decay(a, 1));
    Settings second = Settings.of(new Decay(b, 1));
    assertThat(first.equals(second)).isEqualTo(Double.compare(a, b) == 0);
    assertThat(first.differencesFrom(second, "there").isEmpty())
        .isEqualTo(Double.compare(a, b) == 0);
    assertThat(Double.parseDouble(first.values().get("rate"))).isEqualTo(a);
  }

  @Property
  void listsOfTextsHaveTheSameTextOnlyIfTheyAreEqual(
      @ForAll List<String> a, @ForAll List<String> b) {
    assertThat(with("list", a).equals(with("list", b))).isEqualTo(a.equals(b));
  }

  @Property
  void settingsAreReadBackFromTheirTexts(@ForAll Map<String, String> values) {
    Settings settings = new Settings(values);
    assertThat(new Settings(settings.values())).isEqualTo(settings).hasSameHashCodeAs(settings);
    assertThat(settings.differencesFrom(new Settings(values), "there")).isEmpty();
    assertThat(Settings.none().and(settings)).isEqualTo(settings);
    assertThat(Settings.none().differencesFrom(settings, "there")).hasSameSizeAs(values.keySet());
  }

  @Test
  void theReportNamesEachSettingWithBothValues() {
    Settings earlier = Settings.of(new Decay(1e-4, 3)).with("seed", 5L).with("only", "there");
    Settings now = Settings.of(new Decay(1e-3, 3)).with("seed", 5L).with("new", List.of(1));

    assertThat(now.differencesFrom(earlier, "in the checkpoint"))
        .containsExactly(
            "new is not set in the checkpoint and [1] now",
            "only is there in the checkpoint and not set now",
            "rate is 1.0E-4 in the checkpoint and 0.001 now");
    assertThat(now.differencesFrom(now, "in the checkpoint")).isEmpty();
  }

  @Test
  void otherSettingsAreRefusedWithWhatCanBeDone() {
    Settings earlier = Settings.none().with("seed", 5L).with("rate", 1);
    Settings now = Settings.none().with("seed", 6L).with("rate", 2);

    now.requireSameAs(now, "there", "a.bin is of another search", "begin a new search");
    assertThatThrownBy(
            () ->
                now.requireSameAs(
                    earlier, "there", "a.bin is of another search", "begin a new search"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a.bin is of another search: rate is 1 there and 2 now; seed is 5 there and 6 now."
                + " Use the same settings to resume it, or begin a new search");
  }

  @Test
  void whatMayChangeIsListedAndTheRestRefused() {
    Settings earlier = Settings.none().with("seed", 5L).with("rate", 1);
    Settings now = Settings.none().with("seed", 5L).with("rate", 2);

    assertThat(now.requireSameAs(earlier, "there", "problem", "instead", Set.of("rate", "other")))
        .containsExactly("rate is 1 there and 2 now");
    assertThat(now.requireSameAs(now, "there", "problem", "instead", Set.of("rate"))).isEmpty();
    assertThatThrownBy(
            () -> now.requireSameAs(earlier, "there", "problem", "instead", Set.of("seed")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "problem: rate is 1 there and 2 now. Use the same settings to resume it (only these may"
                + " change: seed), or instead");
  }

  @Test
  void componentsCanBeLeftOutAndNamedOtherwise() {
    record Judged(int rounds, UnaryOperator<String> judge) {}
    Judged options = new Judged(3, UnaryOperator.identity());

    assertThatThrownBy(() -> Settings.of(options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the setting judge is of class ")
        .hasMessageContaining("leave it out and describe it by a name of its own");
    assertThat(Settings.of(options, "judge").with("judge", "the same").values())
        .isEqualTo(Map.of("rounds", "3", "judge", "the same"));
    assertThatThrownBy(() -> Settings.of(options, "judge", "rubric"))
        .hasMessageContaining("has no components [rubric] to leave out");
    assertThatThrownBy(() -> Settings.none().with("x", List.of(new Object())))
        .hasMessageContaining("the setting x is of class java.lang.Object");
  }

  @Test
  void settingsOfTheSameNameAreNotMerged() {
    assertThatThrownBy(() -> with("rate", 1).and(with("rate", 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("both settings have a \"rate\"");
  }

  @Test
  void settingsWithinSettingsHaveDottedNames() {
    Settings inner = Settings.of(new Decay(0.5, 1));
    assertThat(with("ema", inner)).isEqualTo(with("ema", new Decay(0.5, 1)));
    assertThat(with("ema", Optional.of(inner)).values()).containsEntry("ema.rate", "0.5");
    assertThat(with("ema", Optional.empty()).values()).isEqualTo(Map.of("ema", "none"));
  }

  private static Settings with(String name, Object value) {
    return Settings.none().with(name, value);
  }
}
