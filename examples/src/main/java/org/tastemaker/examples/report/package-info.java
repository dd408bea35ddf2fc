/**
 * The report of an alignment: one HTML file that needs nothing else.
 *
 * <pre>
 *   what happened --{@link org.tastemaker.examples.report.AlignmentReport} (values, no layout)--&gt;
 *     --{@link org.tastemaker.examples.report.HtmlReport} (layout, no numbers)--&gt; report.html
 * </pre>
 *
 * <p>A report shows what was measured and how certain it is: a change comes with its interval, a
 * number that does not exist is the word "none", and a missing judgement is shown with its reason.
 * Images are embedded, curves are drawn as SVG, and a content security policy forbids the browser
 * to load anything.
 *
 * <p>The file is HTML and well-formed XML at once. All of it goes through {@link
 * org.tastemaker.core.page.Markup}, which escapes whatever it is given, so a prompt or a judge's
 * words cannot become markup.
 */
@NullMarked
package org.tastemaker.examples.report;

import org.jspecify.annotations.NullMarked;
