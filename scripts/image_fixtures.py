#!/usr/bin/env python3
"""Writes the small image files of core's tests, and what the reference libraries read from them.

The files are made here, chunk by chunk, or by the reference encoders; expected.txt is what libpng (by netpbm's
pngtopam), libjpeg-turbo (by Pillow), Little CMS (by Pillow) and libwebp (by dwebp) make of them. One line per file:

    name width height channels maxval base64(samples)

Samples are rows from the top, channels last, two bytes each (the high one first) if maxval is above 255.
Channels are 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.

    apt-get install python3-pil python3-numpy netpbm libturbojpeg0 webp
    scripts/image_fixtures.py core/src/test/resources/images
"""

import base64
import ctypes
import io
import os
import random
import struct
import subprocess
import sys
import zlib

import numpy
from PIL import Image, ImageCms, ImageOps

NO_OPTIMIZATION = 0x0100  # cmsFLAGS_NOOPTIMIZE
OUT = sys.argv[1]
LINES = []
WIDTH, HEIGHT = 13, 9


def keep(name, data):
    with open(os.path.join(OUT, name), "wb") as out:
        out.write(data)


def expect(name, width, height, channels, maxval, samples):
    text = base64.b64encode(samples).decode()
    LINES.append(f"{name} {width} {height} {channels} {maxval} {text}\n")


def expect_image(name, image):
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[image.mode]
    expect(name, image.width, image.height, channels, 255, image.tobytes())


# --- PNG: written chunk by chunk, read by libpng ---------------------------------------------------------------------


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(row, depth):
    """A row of samples as bytes."""
    if depth == 16:
        return b"".join(struct.pack(">H", v) for v in row)
    if depth == 8:
        return bytes(row)
    bits = "".join(format(v, f"0{depth}b") for v in row)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(rows, bpp):
    """All five filters, in turn."""
    out = bytearray()
    above = bytes(len(rows[0])) if rows else b""
    for y, row in enumerate(rows):
        kind = (y + 1) % 5
        out.append(kind)
        for i, value in enumerate(row):
            a = row[i - bpp] if i >= bpp else 0
            b = above[i]
            c = above[i - bpp] if i >= bpp else 0
            guess = (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]
            out.append((value - guess) & 0xFF)
        above = row
    return bytes(out)


PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, width, height, colour, depth, interlaced=False, before=(), between=()):
    """samples[y][x] is a list of the pixel's samples."""
    count = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    bpp = max(1, count * depth // 8)
    data = b""
    for x0, y0, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        rows = []
        for y in range(y0, height, dy):
            row = [v for x in range(x0, width, dx) for v in samples[y][x]]
            if row:
                rows.append(packed(row, depth))
        if rows:
            data += filtered(rows, bpp)
    packed_data = zlib.compress(data)
    half = len(packed_data) // 2
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced)))
        + b"".join(chunk(k, d) for k, d in before)
        + b"".join(chunk(k, d) for k, d in between)
        + chunk(b"IDAT", packed_data[:half])
        + chunk(b"IDAT", packed_data[half:])
        + chunk(b"IEND", b"")
    )


def pam(data):
    """What libpng reads: width, height, channels, maxval and samples."""
    out = subprocess.run(["pngtopam", "-alphapam"], input=data, capture_output=True, check=True).stdout
    head, samples = out.split(b"ENDHDR\n", 1)
    fields = dict(line.split(b" ", 1) for line in head.split(b"\n")[1:] if b" " in line)
    width, height, depth, maxval = (int(fields[k]) for k in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    return width, height, depth, maxval, samples


def pnm(data):
    out = subprocess.run(["pngtopam"], input=data, capture_output=True, check=True).stdout
    if out[:2] == b"P4":
        width, height = (int(v) for v in out.split(b"\n", 2)[1].split())
        rows = out.split(b"\n", 2)[2]
        stride = (width + 7) // 8
        bits = [1 - (rows[y * stride + x // 8] >> (7 - x % 8) & 1) for y in range(height) for x in range(width)]
        return width, height, 1, 1, bytes(bits)
    kind, size, maxval, samples = out.split(b"\n", 3)
    width, height = (int(v) for v in size.split())
    return width, height, 1 if kind == b"P5" else 3, int(maxval), samples


def add_png(name, data, alpha):
    keep(name, data)
    expect(name, *(pam(data) if alpha else pnm(data)))


def add_keyed(name, data, key, colour):
    """A file with one transparent colour; pngtopam forgets it in RGB, so that alpha is put beside what it reads."""
    if colour == 0:
        add_png(name, data, True)
        return
    keep(name, data)
    width, height, channels, maxval, samples = pnm(data)
    pixels = [samples[i : i + len(key)] for i in range(0, len(samples), len(key))]
    one = maxval.to_bytes(len(key) // channels, "big")
    expect(name, width, height, 4, maxval, b"".join(p + (bytes(len(one)) if p == key else one) for p in pixels))


def random_samples(colour, depth, most=None):
    rng = random.Random(f"{colour} {depth}")
    count = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    top = (1 << depth) - 1 if most is None else most
    rows = [[[rng.randint(0, top) for _ in range(count)] for _ in range(WIDTH)] for _ in range(HEIGHT)]
    rows[0][0] = [128 if depth == 8 and most is None else top // 2] * count
    rows[0][1] = [0] * count
    rows[0][2] = [top] * count
    if colour in (4, 6):
        rows[0][0][-1] = top
    return rows


NAMES = {0: "grey", 2: "rgb", 3: "palette", 4: "grey-alpha", 6: "rgba"}
for colour, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
    for depth in depths:
        rng = random.Random(depth)
        entries = min(1 << depth, 20)
        plte = [(b"PLTE", bytes(rng.randrange(256) for _ in range(3 * entries)))] if colour == 3 else []
        rows = random_samples(colour, depth, entries - 1 if colour == 3 else None)
        for interlaced in (False, True):
            end = "-interlaced" if interlaced else ""
            add_png(
                f"{NAMES[colour]}-{depth}{end}.png",
                png(rows, WIDTH, HEIGHT, colour, depth, interlaced, plte),
                colour in (4, 6),
            )
        if colour in (0, 2):
            key = b"".join(struct.pack(">H", v) for v in rows[3][4])
            add_keyed(
                f"{NAMES[colour]}-{depth}-trns.png",
                png(rows, WIDTH, HEIGHT, colour, depth, between=[(b"tRNS", key)]),
                key if depth == 16 else key[1::2],
                colour,
            )
        if colour == 3:
            alphas = bytes(rng.randrange(256) for _ in range(entries - 1))
            add_png(
                f"palette-{depth}-trns.png",
                png(rows, WIDTH, HEIGHT, colour, depth, before=plte, between=[(b"tRNS", alphas)]),
                True,
            )

for colour in (0, 2):
    rows = random_samples(colour, 8)
    for what, chunks in {
        "gama": [(b"gAMA", struct.pack(">I", 100000))],
        "srgb": [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 45455))],
        "chrm": [(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))],
    }.items():
        add_png(f"{NAMES[colour]}-8-{what}.png", png(rows, WIDTH, HEIGHT, colour, 8, before=chunks), False)


# --- Profiles: matrices and curves of known colour spaces, and a small table for CMYK --------------------------------


def s15(value):
    return struct.pack(">i", round(value * 65536))


def profile(space, pcs, tags):
    body, table, at = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = struct.pack(">I4sI", 0, b"\0" * 4, 0x02400000) + kind + space + pcs
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + s15(0.9642) + s15(1) + s15(0.8249)
    head += b"\0" * (128 - len(head))
    whole = head + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]


def text(words):
    return b"desc\0\0\0\0" + struct.pack(">I", len(words) + 1) + words + b"\0" + b"\0" * 78


def xyz(x, y, z):
    return b"XYZ \0\0\0\0" + s15(x) + s15(y) + s15(z)


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


COPYRIGHT = (b"cprt", b"text\0\0\0\0No rights are claimed\0")
WHITE = (b"wtpt", xyz(0.9642, 1, 0.8249))


def rgb_profile(name, red, green, blue, curve):
    tags = [(b"desc", text(name)), COPYRIGHT, WHITE]
    tags += [(b"rXYZ", xyz(*red)), (b"gXYZ", xyz(*green)), (b"bXYZ", xyz(*blue))]
    tags += [(b"rTRC", gamma(curve)), (b"gTRC", gamma(curve)), (b"bTRC", gamma(curve))]
    return profile(b"RGB ", b"XYZ ", tags)


def cmyk_profile():
    """Lab by a grid of 3 x 3 x 3 x 3; not of a real ink."""
    table = b""
    for c in (0, 0.5, 1):
        for m in (0, 0.5, 1):
            for y in (0, 0.5, 1):
                for k in (0, 0.5, 1):
                    light = (1 - k) * (1 - 0.4 * c - 0.45 * m - 0.1 * y)
                    a = (1 - k) * (m * 70 - c * 35)
                    b = (1 - k) * (y * 80 - c * 45)
                    table += bytes([round(light * 255), round(a) + 128, round(b) + 128])
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 3, 0])
    lut += b"".join(s15(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    lut += bytes(range(256)) * 4 + table + bytes(range(256)) * 3
    return profile(b"CMYK", b"Lab ", [(b"desc", text(b"Test CMYK")), COPYRIGHT, WHITE, (b"A2B0", lut)])


P3 = rgb_profile(b"Test P3", (0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407), 2.2)
ADOBE = rgb_profile(b"Test Adobe", (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), 2.19921875)
GREY = profile(b"GRAY", b"XYZ ", [(b"desc", text(b"Test grey 1.8")), COPYRIGHT, WHITE, (b"kTRC", gamma(1.8))])
CMYK = cmyk_profile()
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def converted(image, icc):
    """To sRGB by Little CMS, with the profile's own intent (perceptual), exactly: without its tables of a few steps."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    return ImageCms.profileToProfile(image, source, SRGB, 0, outputMode="RGB", flags=NO_OPTIMIZATION)


def iccp(icc):
    return [(b"iCCP", b"test\0\0" + zlib.compress(icc))]


def raw(rows):
    return bytes(v for row in rows for pixel in row for v in pixel)


rgb_rows, grey_rows, rgba_rows = random_samples(2, 8), random_samples(0, 8), random_samples(6, 8)
for name, icc in (("p3", P3), ("adobe", ADOBE), ("srgb", SRGB.tobytes())):
    data = png(rgb_rows, WIDTH, HEIGHT, 2, 8, before=iccp(icc))
    keep(f"profile-{name}.png", data)
    image = Image.frombytes("RGB", (WIDTH, HEIGHT), raw(rgb_rows))
    expect_image(f"profile-{name}.png", image if name == "srgb" else converted(image, icc))
data = png(rgba_rows, WIDTH, HEIGHT, 6, 8, True, before=iccp(P3))
keep("profile-p3-alpha.png", data)
image = Image.frombytes("RGBA", (WIDTH, HEIGHT), raw(rgba_rows))
colours = converted(image.convert("RGB"), P3)
colours.putalpha(image.getchannel("A"))
expect_image("profile-p3-alpha.png", colours)
keep("profile-grey.png", png(grey_rows, WIDTH, HEIGHT, 0, 8, before=iccp(GREY)))
expect_image("profile-grey.png", converted(Image.frombytes("L", (WIDTH, HEIGHT), raw(grey_rows)), GREY))
keep("profile-wrong-space.png", png(rgb_rows, WIDTH, HEIGHT, 2, 8, before=iccp(CMYK)))
expect_image("profile-wrong-space.png", Image.frombytes("RGB", (WIDTH, HEIGHT), raw(rgb_rows)))
keep("profile-damaged.png", png(rgb_rows, WIDTH, HEIGHT, 2, 8, before=iccp(P3[:200])))
expect_image("profile-damaged.png", Image.frombytes("RGB", (WIDTH, HEIGHT), raw(rgb_rows)))


# --- JPEG: written by libjpeg-turbo, read by libjpeg-turbo ------------------------------------------------------------


def picture(mode, width=37, height=27):
    """Smooth parts, edges and some noise."""
    rng = random.Random(mode)
    count = len(Image.new(mode, (1, 1)).getbands())
    image = Image.new(mode, (width, height))
    pixels = []
    for y in range(height):
        for x in range(width):
            values = [x * 255 // (width - 1), y * 255 // (height - 1), 255 * (x // 9 % 2), (x * y) % 256][:count]
            pixels.append(tuple(max(0, min(255, v + rng.randint(-9, 9))) for v in values))
    image.putdata(pixels if count > 1 else [p[0] for p in pixels])
    return image


def add_jpeg(name, data, icc=None):
    keep(name, data)
    image = Image.open(io.BytesIO(data))
    image.load()
    if icc is not None:
        image = converted(image, icc)
    elif image.mode == "CMYK":
        image = image.convert("RGB")
    expect_image(name, ImageOps.exif_transpose(image))


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def cjpeg(image, *options):
    out = io.BytesIO()
    image.save(out, "PPM")
    return subprocess.run(["cjpeg", "-quality", "90", *options], input=out.getvalue(), capture_output=True, check=True).stdout


def without(data, marker):
    """The file without the segments of a marker."""
    at = 2
    while data[at + 1] != marker:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


def turbo_ycck(image, subsampling):
    """TurboJPEG writes CMYK as YCCK, with Adobe's marker and the values inverted by hand."""
    lib = ctypes.CDLL("libturbojpeg.so.0")
    lib.tjInitCompress.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(lib.tjInitCompress())
    source = bytes(255 - v for v in image.tobytes())
    data, size = ctypes.c_void_p(), ctypes.c_ulong()
    lib.tjCompress2(
        handle, source, image.width, 0, image.height, 11, ctypes.byref(data), ctypes.byref(size), subsampling, 90, 0
    )
    return ctypes.string_at(data, size.value)


rgb, grey, cmyk = picture("RGB"), picture("L"), picture("CMYK")
add_jpeg("grey.jpg", saved(grey))
add_jpeg("grey-progressive.jpg", saved(grey, progressive=True))
for name, sampling in (("444", "1x1"), ("422", "2x1"), ("420", "2x2"), ("411", "4x1"), ("440", "1x2")):
    add_jpeg(f"ycc-{name}.jpg", cjpeg(rgb, "-sample", sampling))
    add_jpeg(f"ycc-{name}-progressive.jpg", cjpeg(rgb, "-sample", sampling, "-progressive"))
add_jpeg("ycc-420-restart.jpg", cjpeg(rgb, "-sample", "2x2", "-restart", "2B"))
add_jpeg("rgb-adobe.jpg", cjpeg(rgb, "-rgb"))
add_jpeg("cmyk-adobe.jpg", saved(cmyk))
add_jpeg("cmyk-plain.jpg", without(saved(cmyk), 0xEE))
add_jpeg("ycck-adobe-444.jpg", turbo_ycck(cmyk, 0))
add_jpeg("ycck-adobe-420.jpg", turbo_ycck(cmyk, 2))
add_jpeg("profile-p3.jpg", saved(rgb, icc_profile=P3), P3)
add_jpeg("profile-srgb.jpg", saved(rgb, icc_profile=SRGB.tobytes()))
add_jpeg("profile-grey.jpg", saved(grey, icc_profile=GREY), GREY)
add_jpeg("profile-cmyk.jpg", saved(cmyk, icc_profile=CMYK), CMYK)

# --- Orientation -----------------------------------------------------------------------------------------------------


def exif(orientation, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tags = struct.pack(order + "H", 2) + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    tags += struct.pack(order + "HHII", 0x0100, 4, 1, 7)
    return mark + struct.pack(order + "I", 8) + tags + struct.pack(order + "I", 0)


for orientation in range(1, 9):
    data = exif(orientation, "<>"[orientation % 2])
    add_jpeg(f"orientation-{orientation}.jpg", saved(picture("RGB", 21, 11), exif=b"Exif\0\0" + data, subsampling=0))
    data = png(rgb_rows, WIDTH, HEIGHT, 2, 8, orientation % 2 == 0, between=[(b"eXIf", data)])
    keep(f"orientation-{orientation}.png", data)
    image = Image.open(io.BytesIO(data))
    image.load()
    expect_image(f"orientation-{orientation}.png", ImageOps.exif_transpose(image))

# --- WebP: written by libwebp, read by libwebp -------------------------------------------------------------------------


def webp(image, **options):
    out = io.BytesIO()
    image.save(out, "WEBP", **options)
    return out.getvalue()


def add_webp(name, data):
    keep(name, data)
    path = os.path.join(OUT, name)
    out = subprocess.run(["dwebp", "-quiet", "-pam", path, "-o", "-"], capture_output=True, check=True).stdout
    head, samples = out.split(b"ENDHDR\n", 1)
    fields = dict(line.split(b" ", 1) for line in head.split(b"\n")[1:] if b" " in line)
    image = Image.frombytes("RGBA", (int(fields[b"WIDTH"]), int(fields[b"HEIGHT"])), samples)
    expect_image(name, image)


rgba = picture("RGBA")
add_webp("lossless.webp", webp(rgb, lossless=True))
add_webp("lossless-alpha.webp", webp(rgba, lossless=True, exact=True))
for quality in (30, 75, 95):
    add_webp(f"lossy-{quality}.webp", webp(picture("RGB", 70, 51), quality=quality))
add_webp("lossy-alpha.webp", webp(rgba, quality=80))
few = Image.new("RGB", (37, 27))
few.putdata([[(9, 200, 30), (255, 0, 10), (40, 40, 90)][(x // 5 + y // 4) % 3] for y in range(27) for x in range(37)])
add_webp("lossless-palette.webp", webp(few, lossless=True))
data = webp(picture("RGB", 64, 32), quality=90, exif=exif(6))
keep("orientation-6.webp", data)
image = Image.open(io.BytesIO(data))
image.load()
expect_image("orientation-6.webp", ImageOps.exif_transpose(image))
keep("animated.webp", webp(rgb, save_all=True, append_images=[rgb.transpose(Image.Transpose.ROTATE_180)], lossless=True))
expect_image("animated.webp", rgb)
data = webp(rgb, lossless=True, icc_profile=P3)
keep("profile-p3.webp", data)
expect_image("profile-p3.webp", converted(rgb, P3))

# --- GIF and BMP: written and read by Pillow ---------------------------------------------------------------------------

for name, image in (("few.gif", few.quantize(4)), ("grey.gif", grey), ("grey.bmp", grey), ("rgb.bmp", rgb), ("few.bmp", few.quantize(4))):
    out = io.BytesIO()
    image.save(out, name[-3:].upper())
    keep(name, out.getvalue())
    expect_image(name, Image.open(out).convert("RGB"))

with open(os.path.join(OUT, "expected.txt"), "w") as out:
    out.writelines(sorted(LINES))
