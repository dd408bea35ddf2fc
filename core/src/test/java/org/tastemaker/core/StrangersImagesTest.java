package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;
import org.tastemaker.testing.Expense;

/** Images that were made to hurt, or were damaged. */
class StrangersImagesTest {
  private static final int TIMES = Effort.times(10_000, 1_000_000);
  private static final int BOUND = 1 << 20;
  private static final int HEADER = 0x24;
  private static final List<Class<? extends RuntimeException>> REFUSALS =
      List.of(IllegalArgumentException.class, UnsafeImageException.class);

  @Test
  void aPngOfAFewKilobytesThatAsksForManyPixelsIsRefusedByItsHeader() {
    byte[] png =
        new PngChunks().header(8000, 8000, 1, 0).chunk("IDAT", PngChunks.zeros(8000 * 1001)).end();
    assertThat(png.length).isLessThan(10_000);
    Expense expense = Expense.of(() -> Image.fromBytes(png));
    assertThat(expense.failure())
        .isInstanceOf(UnsafeImageException.class)
        .hasMessageContaining("PNG of 8000 x 8000 pixels")
        .hasMessageContaining("at most 16777216");
    assertThat(expense.bytes()).isLessThan(1 << 20);
  }

  @Test
  void theBoundIsAnOptionAndIsInclusive() {
    byte[] png = Image.filled(20, 30, 1, 0, 0).toPng();
    assertThat(Image.fromBytes(png, 600).height()).isEqualTo(20);
    assertThatThrownBy(() -> Image.fromBytes(png, 599))
        .isInstanceOf(UnsafeImageException.class)
        .hasMessageContaining("30 x 20 pixels")
        .hasMessageContaining("at most 599");
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "gif", "bmp"})
  void everyFormatHasTheBound(String format) throws IOException {
    byte[] bytes = written(format);
    assertThat(Image.fromBytes(bytes, 40 * 24).width()).isEqualTo(40);
    assertThatThrownBy(() -> Image.fromBytes(bytes, 40 * 24 - 1))
        .isInstanceOf(UnsafeImageException.class);
  }

  @Test
  void aHeaderThatPromisesMoreThanItsDataCanHoldIsRefused() {
    byte[] png =
        new PngChunks().header(4096, 4096, 8, 6).chunk("IDAT", PngChunks.zeros(5000)).end();
    assertCheaplyRefused(png, "cannot hold");
    byte[] jpeg = Image.filled(16, 16, 1, 0, 0).toJpeg(0.9);
    int size = indexOf(jpeg, (byte) 0xC0);
    jpeg[size + 4] = 0x0F;
    jpeg[size + 6] = 0x0F;
    assertCheaplyRefused(jpeg, "cannot hold");
  }

  @Test
  void chunksOfAbsurdLengthsAreRefused() {
    for (int length : new int[] {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, 1 << 30}) {
      for (String type : List.of("IDAT", "tEXt", "iCCP", "PLTE")) {
        assertCheaplyRefused(
            new PngChunks().header(4, 4, 8, 0).chunk(type, length, new byte[4]).end(),
            "a chunk of " + Integer.toUnsignedString(length) + " bytes");
      }
    }
  }

  @Test
  void compressedTextsAndProfilesAreNotInflated() {
    byte[] bomb = PngChunks.zeros(200_000_000);
    byte[] text = concat("Comment\0\0".getBytes(StandardCharsets.US_ASCII), bomb);
    byte[] international = concat("Comment\0\1\0\0\0".getBytes(StandardCharsets.US_ASCII), bomb);
    byte[] png =
        new PngChunks()
            .header(4, 4, 8, 0)
            .chunk("zTXt", text)
            .chunk("iCCP", text)
            .chunk("iTXt", international)
            .chunk("IDAT", PngChunks.zeros(20))
            .end();
    Expense expense = Expense.of(() -> Image.fromBytes(png));
    assertThat(expense.failure()).isNull();
    assertThat(expense.bytes()).isLessThan(8 << 20);
  }

  @Test
  void aDamagedChunkIsRefusedByItsChecksum() {
    byte[] png = Image.filled(8, 8, 1, 0, 0).toPng();
    png[HEADER + 6] ^= 1;
    assertCheaplyRefused(png, "the checksum of the chunk");
  }

  @Test
  void moreScansThanAnyImageHasAreRefused() {
    byte[] jpeg = Image.filled(16, 16, 1, 0, 0).toJpeg(0.9);
    int scan = indexOf(jpeg, (byte) 0xDA);
    byte[] head = Arrays.copyOf(jpeg, scan - 1);
    byte[] one = Arrays.copyOfRange(jpeg, scan - 1, jpeg.length - 2);
    byte[] all = head;
    for (int i = 0; i < 200; i++) {
      all = concat(all, one);
    }
    assertCheaplyRefused(all, "more than 100 scans");
  }

  @Test
  void formatsThatAreNotPromisedAreNotRead() throws IOException {
    assertThatThrownBy(() -> Image.fromBytes(written("tiff")))
        .hasMessageContaining("are not a PNG, JPEG, GIF, BMP or WebP image but a TIFF image");
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "gif", "bmp"})
  void whatIsLeftOutOfAFileDoesNotChangeItsPixels(String format) throws IOException {
    byte[] bytes = written(format);
    BufferedImage plain = ImageIO.read(new ByteArrayInputStream(bytes));
    float[] expected = Image.fromBufferedImage(plain).toFloats();
    // A JPEG's colours are computed here and there, and rounded to 8 bits.
    float bound = format.equals("jpg") ? 1 / 255f + 1e-6f : 0;
    assertThat(Image.fromBytes(bytes).toFloats()).containsExactly(expected, within(bound));
  }

  @Test
  void aFileIsNamed(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("a.png"), Image.filled(9, 9, 1, 0, 0).toPng());
    assertThat(Image.read(file).width()).isEqualTo(9);
    assertThatThrownBy(() -> Image.read(file, 80))
        .isInstanceOf(UnsafeImageException.class)
        .hasMessageStartingWith(file.toString());
    Files.write(file, new byte[] {1, 2, 3});
    assertThatThrownBy(() -> Image.read(file)).hasMessageStartingWith(file.toString());
    assertThatThrownBy(() -> Image.read(folder)).isInstanceOf(UnsafeFileException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "gif", "bmp"})
  void damagedFilesAreReadOrRefused(String format) throws IOException {
    Attack.Outcome outcome = attack(format).run(1, TIMES, bytes -> Image.fromBytes(bytes, BOUND));
    assertThat(outcome.read() + outcome.refused()).isEqualTo(TIMES);
  }

  @Test
  void damagedPngFilesWithRightChecksumsAreReadOrRefused() throws IOException {
    Attack.Outcome outcome =
        attack("png")
            .run(1, TIMES, bytes -> Image.fromBytes(PngChunks.withChecksums(bytes), BOUND));
    assertThat(outcome.read()).as("damage behind the checksums").isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"lossless.*", "lossy.*", "animated", "orientation-6"})
  void damagedWebpFilesAreReadOrRefused(String names) {
    List<byte[]> files =
        ReferenceImage.matching(names + "[.]webp").stream().map(ReferenceImage::file).toList();
    Attack attack = new Attack("webp", files, REFUSALS);
    Attack.Outcome outcome = attack.run(1, TIMES / 4, bytes -> Image.fromBytes(bytes, BOUND));
    assertThat(outcome.read() + outcome.refused()).isEqualTo(TIMES / 4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"profile-.*[.]png", "profile-.*[.]jpg", "orientation-.*"})
  void damagedProfilesAndExifAreIgnoredOrRefused(String names) {
    List<byte[]> files = ReferenceImage.matching(names).stream().map(ReferenceImage::file).toList();
    Attack attack = new Attack("image", files, REFUSALS);
    Attack.Outcome outcome =
        attack.run(1, TIMES / 4, bytes -> Image.fromBytes(PngChunks.withChecksums(bytes), BOUND));
    assertThat(outcome.read() + outcome.refused()).isEqualTo(TIMES / 4);
  }

  private static Attack attack(String format) throws IOException {
    return new Attack(format, List.of(written(format), small(format)), REFUSALS);
  }

  private static byte[] written(String format) throws IOException {
    BufferedImage image = new BufferedImage(40, 24, BufferedImage.TYPE_INT_RGB);
    SplittableRandom random = new SplittableRandom(1);
    Graphics2D graphics = image.createGraphics();
    for (int i = 0; i < 30; i++) {
      graphics.setColor(new Color(random.nextInt(1 << 24)));
      graphics.fillRect(random.nextInt(40), random.nextInt(24), 9, 9);
    }
    graphics.dispose();
    return write(image, format);
  }

  private static byte[] small(String format) throws IOException {
    return write(new BufferedImage(3, 5, BufferedImage.TYPE_BYTE_GRAY), format);
  }

  private static byte[] write(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, out)).isTrue();
    return out.toByteArray();
  }

  private static void assertCheaplyRefused(byte[] bytes, String message) {
    Expense expense = Expense.of(() -> Image.fromBytes(bytes));
    assertThat(expense.failure())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
    assertThat(expense.bytes()).isLessThan(8 << 20);
  }

  /** The place after a marker. */
  private static int indexOf(byte[] jpeg, byte marker) {
    for (int i = 0; i + 1 < jpeg.length; i++) {
      if (jpeg[i] == (byte) 0xFF && jpeg[i + 1] == marker) {
        return i + 1;
      }
    }
    throw new AssertionError("no such marker");
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
