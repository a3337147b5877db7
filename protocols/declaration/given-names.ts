/**
 * Given names in wide use, by which a person's name is recognised in a goods text when a capitalised word follows. Not
 * complete, and need not be: it is the last of several nets. Names that are words of trade too (rose, ivory, jasmine, amber)
 * are left out.
 */
export const GIVEN_NAMES: ReadonlySet<string> = new Set(
  (
    "aaron abdul abdullah adam adrian agnieszka ahmad ahmed aisha alain alan albert alejandra alejandro aleksandr alessandro " +
    "alex alexander alexandra alexandre alexey ali alice alina amanda amina amir ana anastasia anders andre andrea andreas " +
    "andreea andres andrew andrey andrzej angela anja ann anna anne annette anthony antoine anton antonio arjun arthur ashley " +
    "axel ayse barbara beatrice ben benjamin bernard bernd birgit bjorn boris brian bruno camille carla carlos carmen carol " +
    "caroline catherine cecile charlotte chen chloe christian christina christine christoph christophe christopher claire " +
    "claude claudia claus daniel daniela daniele danielle david deborah denis dennis diana diego dieter dietmar dimitri dmitri " +
    "dmitry dominique dorota dorothea edith eduardo edward elena elif elisabeth elizabeth ella elsa emilia emily emma emmanuel " +
    "enrique eric erik erika ernst esther eva evelyn ewa fabian fabio fatima felix fernando florian francesca francesco " +
    "francisco franck francois frank franz frederic friedrich gabriel gabriela gareth georg george georges gerald gerard gerhard " +
    "gisela giovanni giulia giuseppe gonzalo greg gregory grzegorz guillaume gunther gustavo hannah hans hassan heather " +
    "heidi heike heinz helen helena helene helga helmut henri henrik henry hiroshi holger hugo hussein ian ibrahim igor ingrid " +
    "irene irina isabel isabella isabelle ivan jacek jacob jacqueline jakob jakub james jane janet janina jason javier " +
    "jeffrey jelena jennifer jens jeremy jessica jesus joachim joan joanna joao johan johanna johannes john jonas jonathan jorge " +
    "jose josef joseph juan juan juha julia julian julie juliette julio jurgen justin kamil karen karin karl katarina katarzyna kate " +
    "katharina katherine kathleen katja kazuo keiko keith kenji kenneth kevin klaus konstantin krzysztof lars laura laurent lea " +
    "lena leon leonie leonardo lisa louis louise lucas lucia luis luisa lukas lynn maciej magdalena manfred manuel manuela " +
    "marc marcel marcin marco marcus marek margaret maria marianne marie marina marion mark markus marta martha martin " +
    "martina mary masako mateusz matthew matthias maurice maxime mehmet mehmed mei melanie michael michal michel michele " +
    "miguel mikhail miroslav mohamed mohammad mohammed monica monika muhammad mustafa nadia nadine natalia natalie " +
    "natasha nathalie nathan nicholas nicola nicolas nicole niels nikolai nina nora norbert olaf oleg olga oliver olivia olivier " +
    "omar oscar otto pablo pamela paola patricia patrick paul paula paulo pavel pawel pedro peter petra philip philipp philippe " +
    "pierre piotr rachel rafael rahul rainer ralf ramon raquel raul rebecca regina renate rene ricardo richard robert roberto " +
    "roger roland ronald ruth ryan sabine sabrina samuel sandra sanjay santiago sara sarah satoshi sean sebastian " +
    "sergei sergey sergio silke silvia simon simone sofia sonja sophie stefan stefanie stephan stephanie stephen steven sunita " +
    "susan susanne suzanne sven svetlana sylvia sylvie takashi tanja tatiana teresa theresa thierry thomas tim timothy tobias " +
    "tomas tomasz ulrich ulrike ursula uwe valentina valerie vanessa vera veronica victor victoria vincent virginie vladimir " +
    "walter wei werner wilhelm william wolfgang xavier yan yasmin yuki yusuf yves yvonne zhang zofia"
  ).split(" "),
);

/** Names of brands and characters on goods that begin like a person's. */
export const NAMED_GOODS: ReadonlySet<string> = new Set([
  ..."adam hall|albert heijn|calvin klein|charlotte tilbury|christian dior|christian louboutin|daniel wellington".split(
    "|",
  ),
  ..."diego dalla|emma bridgewater|eva foam|eva solo|frank green|george foreman|gabriel chanel|helena rubinstein".split(
    "|",
  ),
  ..."henry hoover|hugo boss|ivan hoe|jacob delafon|james bond|jean jacket|jean paul|jean shorts|jo malone".split(
    "|",
  ),
  ..."john deere|john frieda|john lewis|jessica simpson|karen millen|karl lagerfeld|kate spade|kevin murphy".split(
    "|",
  ),
  ..."laura ashley|laura mercier|louis vuitton|marc jacobs|mario kart|mario bros|mario badescu|martin guitar".split(
    "|",
  ),
  ..."mary jane|mary kay|mary poppins|max mara|max factor|max verstappen|michael kors|min max|oliver bonas|oscar de".split(
    "|",
  ),
  ..."patrick star|paul frank|paul mitchell|paul smith|peter pan|peter rabbit|roger dubuis|roland piano|sonja henie".split(
    "|",
  ),
  ..."stella mccartney|thomas sabo|thomas train|tim hortons|victoria secret|victoria beckham|vera bradley|vera wang".split(
    "|",
  ),
]);
