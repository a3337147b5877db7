/**
 * Terms that describe no goods, by language (ISO 639-1): what customs administrations refuse when it stands alone. Lists in
 * force change with the authority and come with its profile; this one is where a gateway begins. A change of any term is a new
 * version.
 */
export const STOP_TERMS_VERSION = "2026.2";

export const STOP_TERMS_BY_LANGUAGE: Readonly<Record<string, readonly string[]>> = {
  en: (
    "accessories|apparel|appliances|articles|as ordered|auto parts|bags|battery|boxes|cables|cartons|chemicals|clothes|clothing|" +
    "commodity|consolidated|consol|courier goods|documents|dox|electronics|electronic goods|equipment|exhibition goods|express|" +
    "foodstuff|freight all kinds|freight of all kinds|garments|general cargo|gift|birthday gifts|items|machinery|miscellaneous|" +
    "parts|sample|see invoice|shoes|stuff|textiles|tools|various goods|vegetables|goods|merchandise|personal effects|present|" +
    "household goods|spare parts|daily necessities|others|various|mixed goods|no description|not applicable|unknown|private|" +
    "as per invoice|said to contain|cargo|freight|products|product|material|materials|things|toys and games|used goods"
  ).split("|"),
  de: (
    "geschenk|geschenke|waren|ware|diverses|diverse waren|verschiedenes|teile|ersatzteile|autoteile|kleidung|bekleidung|textilien|" +
    "schuhe|zubehör|muster|warenmuster|werbegeschenk|dokumente|unterlagen|papiere|elektronik|elektronische geräte|geräte|maschinen|" +
    "werkzeuge|lebensmittel|gemüse|chemikalien|sammelgut|stückgut|hausrat|persönliche gegenstände|privat|unbekannt|siehe rechnung|" +
    "wie bestellt|artikel|produkte|produkt|sonstiges|batterie|kabel|kartons|taschen|kisten|möbel und hausrat|umzugsgut"
  ).split("|"),
  fr: (
    "cadeau|cadeaux|marchandise|marchandises|divers|marchandises diverses|pièces|pièces détachées|pièces auto|vêtements|habits|" +
    "textiles|chaussures|accessoires|échantillon|échantillons|documents|électronique|appareils|machines|machine|outils|" +
    "produits alimentaires|légumes|produits chimiques|groupage|fret|effets personnels|privé|inconnu|voir facture|articles|produits|" +
    "produit|autres|batterie|câbles|cartons|sacs|boîtes|équipement|matériel|objets"
  ).split("|"),
  es: (
    "regalo|regalos|mercancía|mercancías|varios|mercancías varias|piezas|repuestos|recambios|ropa|prendas|textiles|zapatos|calzado|" +
    "accesorios|muestra|muestras|documentos|electrónica|aparatos|maquinaria|herramientas|alimentos|verduras|productos químicos|" +
    "carga general|efectos personales|privado|desconocido|ver factura|según factura|artículos|productos|producto|otros|batería|" +
    "cables|cajas|bolsas|equipo|material|objetos"
  ).split("|"),
  it: (
    "regalo|regali|merce|merci|varie|merci varie|pezzi|ricambi|pezzi di ricambio|abbigliamento|vestiti|tessili|scarpe|calzature|" +
    "accessori|campione|campioni|documenti|elettronica|apparecchi|macchinari|attrezzi|utensili|alimentari|verdure|prodotti chimici|" +
    "collettame|effetti personali|privato|sconosciuto|vedi fattura|come da fattura|articoli|prodotti|prodotto|altro|batteria|cavi|" +
    "scatole|borse|attrezzatura|materiale|oggetti"
  ).split("|"),
  pt: (
    "presente|presentes|prenda|mercadoria|mercadorias|diversos|mercadorias diversas|peças|peças de reposição|roupa|roupas|vestuário|" +
    "têxteis|sapatos|calçado|acessórios|amostra|amostras|documentos|eletrônicos|eletrónica|aparelhos|maquinaria|ferramentas|" +
    "alimentos|legumes|produtos químicos|carga geral|objetos pessoais|privado|desconhecido|ver fatura|artigos|produtos|produto|" +
    "outros|bateria|cabos|caixas|bolsas|equipamento|material|objetos"
  ).split("|"),
  nl: (
    "cadeau|geschenk|goederen|diversen|diverse goederen|onderdelen|reserveonderdelen|auto onderdelen|kleding|textiel|schoenen|" +
    "accessoires|monster|monsters|documenten|elektronica|apparaten|machines|gereedschap|levensmiddelen|groenten|chemicaliën|" +
    "groupage|stukgoed|persoonlijke bezittingen|privé|onbekend|zie factuur|artikelen|producten|product|overige|batterij|kabels|" +
    "dozen|tassen|uitrusting|materiaal|spullen"
  ).split("|"),
  zh: (
    "礼物|礼品|货物|商品|杂货|日用品|配件|零件|汽车配件|衣服|服装|服饰|纺织品|鞋子|鞋|样品|文件|电子产品|电器|设备|机器|工具|食品|蔬菜|" +
    "化工品|个人物品|私人物品|其他|产品|电池|电缆|箱子|包|材料|用品"
  ).split("|"),
};
