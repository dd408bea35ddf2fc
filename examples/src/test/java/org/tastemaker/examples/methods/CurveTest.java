package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CurveTest {
  private static final Curve CURVE =
      new Curve(
          List.of(
              new Curve.Point(0, 0, 0, 0, OptionalDouble.of(0), OptionalDouble.of(0.25)),
              new Curve.Point(1, 64, 2, 3, OptionalDouble.empty(), OptionalDouble.empty()),
              new Curve.Point(2, 128, 2.5, 3, OptionalDouble.of(6), OptionalDouble.of(0.5))));

  @TempDir private Path folder;

  @Test
  void aCurveIsReadAsItWasWritten() {
    Path file = folder.resolve("curve.jsonl");

    CURVE.write(file);

    assertThat(Curve.read(file)).isEqualTo(CURVE);
    assertThat(Curve.read(folder.resolve("none")).round()).isEqualTo(-1);
  }

  @Test
  void secondsAreThoseOfAllRoundsUntilThen() {
    assertThat(CURVE.seconds(0)).isZero();
    assertThat(CURVE.seconds(2)).isEqualTo(10.5);
    assertThat(CURVE.isScored(1)).isFalse();
    assertThat(CURVE.isScored(2)).isTrue();
    assertThat(CURVE.isScored(3)).isFalse();
  }

  @Test
  void aHalfWrittenLineIsNamed() throws Exception {
    Path file = folder.resolve("curve.jsonl");
    CURVE.write(file);
    String text = Files.readString(file);
    Files.writeString(file, text.substring(0, text.length() - 9));

    assertThatThrownBy(() -> Curve.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("curve.jsonl is not a learning curve")
        .hasMessageContaining("line 3");
  }

  @Test
  void aMissingRoundIsNamed() throws Exception {
    Path file = folder.resolve("curve.jsonl");
    CURVE.write(file);
    List<String> lines = Files.readAllLines(file);
    Files.writeString(file, lines.get(0) + "\n" + lines.get(2) + "\n");

    assertThatThrownBy(() -> Curve.read(file)).hasMessageContaining("place 1 has round 2");
  }
}
