"""Training curves as an SVG: no plotting library is needed."""

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 300, 50, 20, 40
CURVES = [("balancedAccuracy", "#1f6f8b", "balanced accuracy, validation"), ("profileError", "#c0392b", "profile error x 5, validation"), ("state", "#7f8c8d", "state loss, training")]
SCALE = {"profileError": 5.0}


def curve_svg(log):
    span = max(1, len(log) - 1)

    def place(i, value):
        x = LEFT + i / span * (WIDTH - LEFT - 20)
        return f"{x:.1f},{TOP + (1 - min(1.0, max(0.0, value))) * (HEIGHT - TOP - BOTTOM):.1f}"

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="11">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for step in range(6):
        y = TOP + (1 - step / 5) * (HEIGHT - TOP - BOTTOM)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/><text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{step / 5:.1f}</text>')
    for n, (name, colour, label) in enumerate(CURVES):
        points = " ".join(place(i, entry[name] * SCALE.get(name, 1.0)) for i, entry in enumerate(log))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/><text x="{LEFT + 10 + 190 * n}" y="{HEIGHT - 22}" fill="{colour}">{label}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 6}" text-anchor="middle">epoch, 1 to {len(log)}</text></svg>')
    return "\n".join(parts) + "\n"
