package org.tastemaker.feedback.protocol;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;

/**
 * The identity of a group of images: a hash of its prompt's texts and of its images, in order.
 * Groups with equal content have equal ids.
 */
public final class GroupId {
  private GroupId() {}

  /**
   * The identity of a group.
   *
   * @param group any
   * @return 32 hexadecimal digits: half of a SHA-256, which two groups of one dataset do not share
   */
  public static String of(ImageGroup group) {
    return of(group.prompt(), group.images().stream().map(Image::sha256).toList());
  }

  /**
   * The identity of a group whose images are known by their hashes.
   *
   * @param prompt the group's prompt
   * @param imageHashes {@link Image#sha256} of each, in order
   * @return 32 hexadecimal digits
   */
  public static String of(Prompt prompt, List<String> imageHashes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String text : List.of(prompt.text(), prompt.negativeText())) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
        digest.update(bytes);
      }
      imageHashes.forEach(hash -> digest.update(hash.getBytes(StandardCharsets.US_ASCII)));
      return HexFormat.of().formatHex(digest.digest(), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
