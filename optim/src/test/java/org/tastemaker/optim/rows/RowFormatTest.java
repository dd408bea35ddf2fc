package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.math.BigDecimal;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.diffusion.RolloutOptions;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.optim.policy.TransitionLoss;

class RowFormatTest {
  private static final String HASH = Hashes.of("a");
  private static final WorkRow.Label LABEL = new WorkRow.Label("run", 3, 7);
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final ResultRow.Delivery DELIVERY =
      new ResultRow.Delivery("worker", 5, 2, "replay on amd64");

  private static Image image(Random random) {
    float[] chw = new float[12];
    for (int i = 0; i < chw.length; i++) {
      chw[i] = random.nextFloat();
    }
    return Image.of(3, 2, 2, chw);
  }

  private static WorkRow work(long seed, String text) {
    Random random = new Random(seed);
    Prompt prompt = new Prompt(text, "not " + text, Map.of("b", text, "a", "1"));
    return switch (random.nextInt(4)) {
      case 3 -> gradient(random, prompt);
      case 0 ->
          new WorkRow.Sample(
              LABEL,
              prompt,
              Seed.of(seed),
              random.nextBoolean() ? WorkRow.Asked.IMAGE : WorkRow.Asked.ROLLOUT,
              new RolloutOptions(
                  random.nextBoolean() ? StepWindow.ALL : StepWindow.of(1, 2),
                  random.nextBoolean() ? Optional.empty() : Optional.of(Seed.of(~seed))),
              HASH,
              random.nextBoolean() ? "" : HASH,
              HASH);
      case 1 ->
          new WorkRow.Judge(
              LABEL, new ImageGroup(prompt, List.of(image(random), image(random))), RUBRIC, HASH);
      default -> new WorkRow.Score(LABEL, prompt, image(random), HASH);
    };
  }

  private static WorkRow gradient(Random random, Prompt prompt) {
    List<WorkRow.Transition> transitions = new ArrayList<>();
    for (int n = 0; n <= random.nextInt(3); n++) {
      transitions.add(
          new WorkRow.Transition(
              prompt,
              random.nextBoolean() ? Optional.empty() : Optional.of(Seed.of(random.nextLong())),
              n,
              random.nextGaussian(),
              random.nextGaussian(),
              block(random, 4),
              block(random, 4)));
    }
    return new WorkRow.Gradient(
        LABEL, transitions, 3, 8, random.nextDouble(), HASH, HASH, HASH, HASH);
  }

  private static FloatBlock block(Random random, int size) {
    FloatBuffer floats = FloatBuffer.allocate(size);
    while (floats.hasRemaining()) {
      floats.put(Float.intBitsToFloat(random.nextInt()));
    }
    return FloatBlock.of(floats.flip());
  }

  private static ResultRow result(long seed, String text) {
    Random random = new Random(seed);
    float[] latents = new float[3 * 4];
    for (int i = 0; i < latents.length; i++) {
      latents[i] = Float.intBitsToFloat(random.nextInt());
    }
    return switch (random.nextInt(4)) {
      case 3 ->
          ResultRow.ofGradient(
              HASH,
              new ResultRow.Gradient(
                  block(random, 5),
                  List.of(
                      new TransitionLoss.Numbers(
                          random.nextGaussian(), -0.0, Double.MIN_VALUE, Double.NaN, 1e300))),
              DELIVERY);
      case 0 ->
          ResultRow.ofImage(
              HASH,
              image(random),
              random.nextBoolean()
                  ? Optional.empty()
                  : Optional.of(
                      new ResultRow.Steps(
                          1,
                          2,
                          2,
                          FloatBlock.of(FloatBuffer.wrap(latents)),
                          FloatBlock.of(FloatBuffer.wrap(new float[] {Float.NaN, -0f})),
                          List.of(900, 1))),
              DELIVERY);
      case 1 ->
          ResultRow.ofJudgement(
              HASH,
              new Judgement(
                  Ranking.ofTiers(3, List.of(List.of(2), List.of(0))),
                  Map.of(text + "y", Ranking.of(2, 0, 1), "x", Ranking.of(1, 0, 2)),
                  List.of(
                      OptionalDouble.of(random.nextGaussian() * 1e-300),
                      OptionalDouble.empty(),
                      OptionalDouble.of(Double.NEGATIVE_INFINITY)),
                  text,
                  "judge",
                  new Usage(1, 2, 1, 4),
                  Map.of("protocol", text, "a", ""),
                  null),
              new BigDecimal("0.0123").multiply(BigDecimal.valueOf(random.nextInt(5000))),
              DELIVERY);
      default ->
          ResultRow.ofScore(
              HASH,
              random.nextBoolean()
                  ? OptionalDouble.empty()
                  : OptionalDouble.of(random.nextGaussian()),
              DELIVERY);
    };
  }

  private static String plain(String text) { // what UTF-8 can hold
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  @Property(tries = 200)
  void workComesBackAndEqualRowsHaveEqualBytes(@ForAll long seed, @ForAll String any) {
    String text = plain(any);
    WorkRow row = work(seed, text);
    byte[] bytes = RowFormat.write(row);
    assertThat(RowFormat.readWork(bytes)).isEqualTo(row);
    assertThat(RowFormat.write(work(seed, text))).isEqualTo(bytes);
    assertThat(RowFormat.id(work(seed, text))).isEqualTo(RowFormat.id(row));
  }

  @Property(tries = 200)
  void resultsComeBackBitForBit(@ForAll long seed, @ForAll String any) {
    ResultRow row = result(seed, plain(any));
    byte[] bytes = RowFormat.write(row);
    assertThat(RowFormat.readResult(bytes)).isEqualTo(row);
    assertThat(RowFormat.write(RowFormat.readResult(bytes))).isEqualTo(bytes);
  }

  @Property(tries = 300)
  void damagedBytesAreNoRow(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] good = random.nextBoolean() ? RowFormat.write(work(seed, "a")) : write(seed);
    byte[] bad = good.clone();
    if (random.nextBoolean()) {
      bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
    } else {
      bad = Arrays.copyOf(bad, random.nextInt(bad.length));
    }
    byte[] damaged = bad;
    assertThatThrownBy(() -> RowFormat.readWork(damaged)).isInstanceOf(RowException.class);
    assertThatThrownBy(() -> RowFormat.readResult(damaged)).isInstanceOf(RowException.class);
  }

  private static byte[] write(long seed) {
    return RowFormat.write(result(seed, "a"));
  }

  @Property(tries = 300)
  void aStrangersBytesAreRejectedWhateverTheyAre(@ForAll @Size(max = 200) byte[] bytes) {
    assertThatThrownBy(() -> RowFormat.readWork(bytes)).isInstanceOf(RowException.class);
  }

  /** A stranger can make checksums too. */
  @Property(tries = 400)
  void aStrangersJsonWithARightChecksumIsARowOrAnException(@ForAll long seed) {
    Random random = new Random(seed);
    boolean ofWork = random.nextBoolean();
    byte[] good = ofWork ? RowFormat.write(work(seed, "a")) : write(seed);
    RowFrame frame = RowFrame.read(good, "test");
    char[] json = frame.json().toString().toCharArray();
    for (int i = 0; i < 1 + random.nextInt(3); i++) {
      json[random.nextInt(json.length)] = "0123456789\"{}[],:-eEtx".charAt(random.nextInt(22));
    }
    List<byte[]> payloads = new ArrayList<>(frame.payloads());
    if (random.nextInt(4) == 0 && !payloads.isEmpty()) {
      payloads.set(0, Arrays.copyOf(payloads.get(0), random.nextInt(100)));
    }
    byte[] forged = RowFrame.write(new String(json), payloads);
    Throwable thrown =
        catchThrowable(
            () -> {
              byte[] again =
                  ofWork
                      ? RowFormat.write(RowFormat.readWork(forged))
                      : RowFormat.write(RowFormat.readResult(forged));
              assertThat(again).isEqualTo(forged);
            });
    if (thrown != null) {
      assertThat(thrown).isInstanceOf(RowException.class);
    }
  }

  @Test
  void anotherVersionIsNamed() {
    byte[] bytes = RowFormat.write(work(1, "a"));
    bytes[7] = 2;
    assertThatThrownBy(() -> RowFormat.readWork(bytes))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("it is of version 2")
        .hasMessageContaining("the same version of the library");
  }

  @Test
  void theLabelIsInTheBytesAndNotInTheIdentity() {
    Prompt prompt = Prompt.of("a cat");
    Image image = Image.filled(2, 2, 0, 0, 0);
    WorkRow one = new WorkRow.Score(LABEL, prompt, image, HASH);
    WorkRow other = new WorkRow.Score(new WorkRow.Label("other", 4, 0), prompt, image, HASH);
    assertThat(RowFormat.id(one)).isEqualTo(RowFormat.id(other));
    assertThat(RowFormat.write(one)).isNotEqualTo(RowFormat.write(other));
  }

  @Test
  void whatDecidesAResultDecidesTheIdentity() {
    Prompt prompt = Prompt.of("a cat");
    Image image = Image.filled(2, 2, 0, 0, 0);
    List<WorkRow> rows =
        List.of(
            new WorkRow.Score(LABEL, prompt, image, HASH),
            new WorkRow.Score(LABEL, prompt, image, Hashes.of("b")),
            new WorkRow.Score(LABEL, Prompt.of("a dog"), image, HASH),
            new WorkRow.Score(LABEL, prompt, Image.filled(2, 2, 0, 0, 1), HASH),
            new WorkRow.Judge(LABEL, new ImageGroup(prompt, List.of(image)), RUBRIC, HASH),
            new WorkRow.Judge(
                LABEL,
                new ImageGroup(prompt, List.of(image)),
                Rubric.of("bright", "2", "The brighter image is better."),
                HASH));
    assertThat(rows.stream().map(RowFormat::id)).doesNotHaveDuplicates();
  }
}
