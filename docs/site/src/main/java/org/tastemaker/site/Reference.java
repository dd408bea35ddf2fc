package org.tastemaker.site;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A link or a picture in a Markdown file.
 *
 * @param written what stands there
 * @param file where it leads, from the project's folder; empty for another site
 * @param anchor the heading there; empty for the whole file
 * @param picture whether it is shown, and not followed
 */
record Reference(String written, String file, String anchor, boolean picture) {
  /** What a file's link leads to. */
  static Reference of(String in, String written, boolean picture) {
    URI uri = URI.create(written.replace(" ", "%20"));
    if (uri.getScheme() != null || uri.getHost() != null) {
      return new Reference(written, "", "", picture);
    }
    String anchor = uri.getFragment() == null ? "" : uri.getFragment();
    if (uri.getPath().isEmpty()) {
      return new Reference(written, in, anchor, picture);
    }
    @Nullable Path folder = Path.of(in).getParent();
    Path target = (folder == null ? Path.of("") : folder).resolve(uri.getPath()).normalize();
    return new Reference(written, target.toString().replace('\\', '/'), anchor, picture);
  }

  /** Its address, seen from a page of the site. */
  String seenFrom(String page) {
    if (file.isEmpty()) {
      return written;
    }
    String target = picture || file.endsWith(".md") ? Addresses.of(file) : Addresses.ofSource(file);
    return Addresses.from(page, target) + (anchor.isEmpty() ? "" : "#" + anchor);
  }
}
