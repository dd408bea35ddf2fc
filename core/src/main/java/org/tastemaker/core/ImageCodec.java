package org.tastemaker.core;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Image files in memory, by ImageIO. What a file promises is checked before ImageIO sees it, which
 * allocates whatever a header asks for.
 */
final class ImageCodec {
  private ImageCodec() {}

  /**
   * Decodes a file.
   *
   * @param mostPixels how many pixels it may have
   */
  static Canvas decode(byte[] bytes, long mostPixels) {
    if (PngFile.is(bytes)) {
      return PngPixels.decode(PngFile.checked(bytes, mostPixels));
    }
    if (JpegFile.is(bytes)) {
      return JpegPixels.decode(JpegFile.checked(bytes, mostPixels));
    }
    if (GifFile.is(bytes)) {
      GifFile.check(bytes, mostPixels);
      return AwtPixels.read(decode("gif", bytes, mostPixels));
    }
    if (BmpFile.is(bytes)) {
      BmpFile.check(bytes, mostPixels);
      return AwtPixels.read(decode("bmp", bytes, mostPixels));
    }
    if (WebpFile.is(bytes)) {
      return WebpPixels.decode(WebpFile.checked(bytes, mostPixels));
    }
    throw ForeignFile.refusal(bytes);
  }

  private static BufferedImage decode(String format, byte[] bytes, long mostPixels) {
    ImageReader reader = JdkReader.of(format);
    // In memory: given a plain stream, ImageIO writes a temporary file.
    try (MemoryCacheImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      reader.setInput(in, true, true);
      ImageBounds.requirePixels(
          format.toUpperCase(Locale.ROOT), reader.getWidth(0), reader.getHeight(0), mostPixels);
      return reader.read(0);
    } catch (UnsafeImageException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // ImageIO throws both for damaged files
      throw new IllegalArgumentException(
          "these " + bytes.length + " bytes are a damaged image: " + e.getMessage(), e);
    } finally {
      reader.dispose();
    }
  }

  static byte[] png(BufferedImage image) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      ImageIO.write(image, "png", stream);
    } catch (IOException e) {
      throw new UncheckedIOException("writing a PNG to memory failed", e);
    }
    return out.toByteArray();
  }

  static byte[] jpeg(BufferedImage image, double quality) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality((float) quality);
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), param);
    } catch (IOException e) {
      throw new UncheckedIOException("writing a JPEG to memory failed", e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }
}
