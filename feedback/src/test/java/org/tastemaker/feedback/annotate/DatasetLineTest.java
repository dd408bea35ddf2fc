package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;

class DatasetLineTest {
  private static final String ID = "0123456789abcdef0123456789abcdef";
  private static final String LINE =
      "{\"id\":\"0123456789abcdef0123456789abcdef\",\"time\":\"2023-11-14T22:13:20."
          + "123456789Z\",\"prompt\":{\"text\":\"a \\\"red\\\"/<cat>'s & café ☕\\n\",\"ne"
          + "gativeText\":\"\",\"metadata\":{\"category\":\"x\"}},\"images\":[\"h1\",\"h2"
          + "\",\"h3\"],\"ranking\":[[2],[0]],\"byCriterion\":{\"quality\":[[2],[0]]},\"s"
          + "cores\":[5.0,null,-0.3333333333333333],\"rationale\":\"why\",\"judge\":\"m-1"
          + "\",\"usage\":{\"requests\":2,\"inputTokens\":30,\"cachedInputTokens\":10,\"o"
          + "utputTokens\":4},\"provenance\":{\"rubric\":\"r@1\",\"seed\":\"3\"},\"missin"
          + "g\":null,\"crc\":\"e911aac1\"}";
  private static final String HEADER =
      "{\"format\":\"tastemaker-preferences\",\"version\":1,\"rubric\":\"brightness"
          + "@1\",\"rubricText\":\"\\n[brightness, EACH_IMAGE] Brighter is better.\",\"se"
          + "ttings\":{\"judge\":\"mock\",\"seed\":\"23\"},\"crc\":\"196e0797\"}";

  @Property(tries = 200)
  void aLineReadsBackAsWhatWasWritten(
      @ForAll String text,
      @ForAll String rationale,
      @ForAll @Size(min = 1, max = 6) List<@IntRange(max = 3) Integer> places,
      @ForAll boolean scored) {
    AnnotatedGroup group = group(text, rationale, places, scored);

    String line = DatasetLine.of(group);

    assertThat(line).doesNotContain("\n");
    assertThat(DatasetLine.parse(line)).contains(group);
  }

  @Property(tries = 200)
  void noPartOfALineIsAJudgement(
      @ForAll String text, @ForAll @IntRange(max = 400) int from, @ForAll @IntRange int to) {
    String line = DatasetLine.of(group(text, "", List.of(1, 2), false));
    int start = from % line.length();
    int end = start + to % (line.length() - start + 1);

    if (start < end && end - start < line.length()) {
      assertThat(DatasetLine.parse(line.substring(start, end))).isEmpty();
      assertThat(DatasetLine.parse(line.substring(start, end) + line)).isEmpty();
    }
  }

  @Property(tries = 200)
  void aLineWithAnotherCharacterIsNoJudgement(@ForAll @IntRange int where, @ForAll char character) {
    String line = DatasetLine.of(group("a prompt", "why", List.of(2, 1, 1), true));
    int at = where % line.length();
    String changed = line.substring(0, at) + character + line.substring(at + 1);

    if (!changed.equals(line)) {
      assertThat(DatasetLine.parse(changed)).isEmpty();
    }
  }

  @Property(tries = 200)
  void anythingElseIsNoJudgement(@ForAll String anything) {
    assertThat(DatasetLine.parse(anything)).isEmpty();
  }

  /** Byte by byte what version 0.1.0 wrote: a dataset of it can be resumed. */
  @Test
  void linesAreThoseOfEarlierVersions() {
    Ranking ranking = Ranking.ofTiers(3, List.of(List.of(2), List.of(0)));
    AnnotatedGroup group =
        new AnnotatedGroup(
            ID,
            Instant.ofEpochSecond(1_700_000_000L, 123_456_789),
            new Prompt("a \"red\"/<cat>'s & caf\u00e9 \u2615\n", "", Map.of("category", "x")),
            List.of("h1", "h2", "h3"),
            new Judgement(
                ranking,
                Map.of("quality", ranking),
                List.of(OptionalDouble.of(5), OptionalDouble.empty(), OptionalDouble.of(-1 / 3.0)),
                "why",
                "m-1",
                new Usage(2, 30, 10, 4),
                Map.of("rubric", "r@1", "seed", "3"),
                null));
    DatasetHeader header =
        DatasetHeader.of(
            Rubric.of("brightness", "1", "Brighter is better."),
            Settings.none().with("seed", 23).with("judge", "mock"));

    assertThat(DatasetLine.of(group)).isEqualTo(LINE);
    assertThat(DatasetLine.parse(LINE)).contains(group);
    assertThat(header.toLine()).isEqualTo(HEADER);
    assertThat(DatasetHeader.parse(HEADER)).contains(header);
  }

  /** Place 0 is missing, others are tiers. */
  private static AnnotatedGroup group(
      String text, String rationale, List<Integer> places, boolean scored) {
    String prompt = encodable(text);
    List<OptionalDouble> scores = new ArrayList<>();
    for (int place : places) {
      scores.add(place == 0 ? OptionalDouble.empty() : OptionalDouble.of(-place / 3.0));
    }
    Ranking ranking = Ranking.ofScores(scores);
    @Nullable String missing = ranking.isEmpty() ? "refused: " + prompt : null;
    return new AnnotatedGroup(
        ID,
        Instant.ofEpochSecond(1_700_000_000L, 123_456_789),
        new Prompt(prompt, encodable(rationale), Map.of("category", prompt)),
        places.stream().map(place -> "hash" + place).toList(),
        new Judgement(
            ranking,
            Map.of("quality", ranking),
            scored ? scores : List.of(),
            encodable(rationale),
            "m-1",
            new Usage(2, 30, 10, 4),
            Map.of("rubric", "r@1"),
            missing));
  }

  /** Half a surrogate pair is no text in any encoding: it is written as a question mark. */
  private static String encodable(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }
}
