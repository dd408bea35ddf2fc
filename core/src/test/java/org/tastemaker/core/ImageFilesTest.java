package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.testing.Expense;

/** Files that are cut off, huge, rotated, or no images at all. */
class ImageFilesTest {
  static List<ReferenceImage> some() {
    return ReferenceImage.matching(
        "(grey-8|rgb-16-interlaced|palette-4-trns)[.]png|(grey|ycc-420|ycc-444-progressive"
            + "|ycc-420-restart|rgb-adobe|ycck-adobe-420|profile-p3|orientation-6)[.]jpg"
            + "|.*[.](webp|gif|bmp)");
  }

  @ParameterizedTest
  @MethodSource("some")
  void aFileThatIsCutOffIsRefusedOrHasAllItsPixels(ReferenceImage file) {
    byte[] whole = file.file();
    Image image = Image.fromBytes(whole);
    List<Integer> accepted = new ArrayList<>();
    for (int length = 0; length < whole.length; length += length < whole.length - 40 ? 13 : 1) {
      byte[] cut = Arrays.copyOf(whole, length);
      try {
        assertThat(Image.fromBytes(cut)).as(file + " of " + length + " bytes").isEqualTo(image);
        accepted.add(length);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("bytes are");
      }
    }
    // A missing mark of the end, or filling, loses nothing; what comes behind the pixels neither.
    assertThat(accepted).allMatch(length -> length >= whole.length / 2);
  }

  @ParameterizedTest
  @MethodSource("some")
  void whatFollowsAnImageIsIgnored(ReferenceImage file) {
    byte[] whole = file.file();
    byte[] longer = Arrays.copyOf(whole, whole.length + 1001);
    Arrays.fill(longer, whole.length, longer.length, (byte) 'x');
    assertThat(Image.fromBytes(longer)).isEqualTo(Image.fromBytes(whole));
  }

  @ParameterizedTest
  @ValueSource(strings = {"grey.jpg", "ycc-420.jpg", "ycc-444-progressive.jpg", "cmyk-adobe.jpg"})
  void halfAJpegIsRefusedWithTheReason(String name) {
    byte[] whole = ReferenceImage.bytes(name);
    byte[] half = Arrays.copyOf(whole, whole.length / 2 + 100);
    assertThatThrownBy(() -> Image.fromBytes(half)).hasMessageContaining("it is cut off");
    byte[] ended = Arrays.copyOf(half, half.length + 2);
    ended[half.length] = (byte) 0xFF;
    ended[half.length + 1] = (byte) 0xD9;
    if (!name.contains("progressive")) { // whose missing scans nobody can tell from few scans
      assertThatThrownBy(() -> Image.fromBytes(ended)).hasMessageContaining("it is cut off");
    }
  }

  @Test
  void aJpegWhoseDataAreDamagedIsRefusedWithTheReason() {
    byte[] jpeg = ReferenceImage.bytes("ycc-420-restart.jpg");
    int refused = 0;
    for (int at = jpeg.length / 2; at < jpeg.length - 10; at += 7) {
      byte[] damaged = jpeg.clone();
      Arrays.fill(damaged, at, at + 3, (byte) 0x7F); // codes that no table has
      try {
        assertThat(Image.fromBytes(damaged).width()).isEqualTo(37);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining("are a damaged JPEG image: ");
        refused += String.valueOf(e.getMessage()).contains("its data are damaged") ? 1 : 0;
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void aPngWithoutSomeOfItsDataIsRefusedWithTheReason() {
    PngChunks none = new PngChunks().header(4, 4, 8, 0);
    assertThatThrownBy(() -> Image.fromBytes(none.end()))
        .hasMessageContaining("0 bytes of data cannot hold");
    byte[] half = PngChunks.deflated(new byte[10]); // of 20
    byte[] png = new PngChunks().header(4, 4, 8, 0).chunk("IDAT", half).end();
    assertThatThrownBy(() -> Image.fromBytes(png))
        .hasMessageContaining("its data end at row 2 of 4");
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "webp"})
  void aPictureOfOrientation6StandsUpright(String format) {
    Image image = Image.fromBytes(ReferenceImage.bytes("orientation-6." + format));
    assertThat(image.height()).isGreaterThan(image.width());
  }

  @Test
  void aFileOf64By32WithOrientation6Is32By64() {
    Image image = Image.fromBytes(ReferenceImage.bytes("orientation-6.webp"));
    assertThat(image).hasToString("Image[3, 64, 32]");
  }

  @Test
  void thirtyThousandPixelsEachWayAreRefusedByTheHeaderOfEveryFormat() {
    int side = 30_000;
    ByteBuffer gif = ByteBuffer.allocate(40_000).order(ByteOrder.LITTLE_ENDIAN);
    gif.put("GIF89a".getBytes(StandardCharsets.US_ASCII)).putShort((short) side);
    gif.putShort((short) side);
    ByteBuffer bmp = ByteBuffer.allocate(40_000).order(ByteOrder.LITTLE_ENDIAN);
    bmp.put((byte) 'B').put((byte) 'M').putInt(10, 54).putInt(14, 40).putInt(18, side);
    bmp.putInt(22, side).putShort(28, (short) 24);
    ByteBuffer webp = ByteBuffer.allocate(40_000).order(ByteOrder.LITTLE_ENDIAN);
    webp.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(39_992);
    webp.put("WEBPVP8X".getBytes(StandardCharsets.US_ASCII)).putInt(10).putInt(0);
    webp.put((byte) (side - 1)).put((byte) ((side - 1) >> 8)).put((byte) 0);
    webp.put((byte) (side - 1)).put((byte) ((side - 1) >> 8)).put((byte) 0);
    byte[] jpeg = Image.filled(16, 16, 1, 0, 0).toJpeg(0.9);
    int size = 0;
    while ((jpeg[size] & 0xFF) != 0xFF || (jpeg[size + 1] & 0xFF) != 0xC0) {
      size++;
    }
    ByteBuffer.wrap(jpeg).putShort(size + 5, (short) side).putShort(size + 7, (short) side);
    byte[] png =
        new PngChunks().header(side, side, 1, 0).chunk("IDAT", PngChunks.zeros(1 << 20)).end();
    for (byte[] file : List.of(png, jpeg, gif.array(), bmp.array(), webp.array())) {
      Expense expense = Expense.of(() -> Image.fromBytes(file));
      assertThat(expense.failure())
          .isInstanceOf(UnsafeImageException.class)
          .hasMessageContaining("30000 x 30000 pixels");
      assertThat(expense.bytes()).isLessThan(1 << 20);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          \\x00\\x00\\x00\\x20ftypavif | an AVIF image; convert it to PNG or JPEG
          \\x00\\x00\\x00\\x18ftypheic | a HEIC image; convert it to PNG or JPEG
          \\x00\\x00\\x00\\x18ftypmif1 | a HEIC image; convert it to PNG or JPEG
          \\x00\\x00\\x00\\x18ftypisom | a video
          \\xFF\\x0A\\x00\\x00 | a JPEG XL image; convert
          \\x00\\x00\\x00\\x0CJXL \\x0D\\x0A | a JPEG XL image; convert
          \\x00\\x00\\x00\\x0CjP  \\x0D\\x0A | a JPEG 2000 image; convert
          II*\\x00\\x08 | a TIFF image; convert
          MM\\x00* | a TIFF image; convert
          8BPS\\x00\\x01 | a Photoshop file; convert
          \\x00\\x00\\x01\\x00\\x01 | an icon
          <svg xmlns="http://www.w3.org/2000/svg"/> | an SVG drawing; render it to PNG
          <?xml version="1.0"?><svg width="1"> | an SVG drawing
          <!DOCTYPE html><html> | an HTML page
          \\xEF\\xBB\\xBF<html lang="en"> | an HTML page
          <?xml version="1.0"?><Error><Code>AccessDenied | XML or HTML
          {"error": {"message": "not found"}} | JSON
          version https://git-lfs.github.com/spec/v1 | a pointer of Git LFS
          %PDF-1.7 | a PDF document
          PK\\x03\\x04\\x14 | a ZIP archive; unpack it first
          \\x1F\\x8B\\x08 | a gzip archive; unpack it first
          \\x00\\x00\\x00\\x00\\x00 | begins with zeros
          Rate limit exceeded | a text
          """)
  void whatIsNoImageIsNamed(String beginning, String expected) {
    ByteBuffer bytes = ByteBuffer.allocate(beginning.length());
    for (int i = 0; i < beginning.length(); i++) {
      boolean escaped = beginning.startsWith("\\x", i);
      bytes.put(
          escaped
              ? (byte) Integer.parseInt(beginning.substring(i + 2, i + 4), 16)
              : (byte) beginning.charAt(i));
      i += escaped ? 3 : 0;
    }
    byte[] file = Arrays.copyOf(bytes.array(), bytes.position());
    assertThatThrownBy(() -> Image.fromBytes(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("are not a PNG, JPEG, GIF, BMP or WebP image")
        .hasMessageContaining(expected);
  }

  @Test
  void anEmptyFileIsCalledEmpty(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("a.png"));
    assertThatThrownBy(() -> Image.read(file))
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining("the file is empty");
  }

  @Test
  void withoutAReaderOfWebpTheRefusalNamesTheDependency() {
    WebpFile file = WebpFile.checked(ReferenceImage.bytes("lossy-75.webp"), 10_000);
    assertThatThrownBy(() -> WebpPixels.decode(file, Collections.emptyIterator()))
        .hasMessageContaining("a WebP image of 70 x 51 pixels")
        .hasMessageContaining("add the dependency com.github.usefulness:webp-imageio")
        .hasMessageContaining("or convert the file to PNG");
  }
}
